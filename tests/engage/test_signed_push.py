"""Posts that a platform pushes and signs: only what is signed, only now, only once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engage import signed_push
from engage.communities import add_community
from engage.enums import ConnectorKind
from engage.models import Community, Post, PushedMessage
from reviews.enums import Role
from tests import cases

pytestmark = pytest.mark.django_db

ROW = {
    "thread_url": "https://forum.example/t/1",
    "thread_title": "A question",
    "post_id": "1",
    "parent_id": None,
    "author": "willow",
    "published_at": "2026-03-01T12:00:00Z",
    "text": "How long does it take?",
}


@pytest.fixture
def forum() -> Community:
    return add_community(by="system", slug="forum", name="Forum", connector=ConnectorKind.PUSH)


@pytest.fixture
def secret(forum: Community) -> str:
    return signed_push.new_secret(by=cases.person(Role.ADMIN), community_id=forum.pk)


def push(
    secret: str,
    body: Any,
    *,
    message: str = "m1",
    late: float = 0,
    slug: str = "forum",
    **changed: str,
) -> Any:
    """Pushes as a platform does; `late`: how many seconds ago it was signed."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = str(int(timezone.now().timestamp() - late))
    headers = {
        "webhook-id": message,
        "webhook-timestamp": at,
        "webhook-signature": signed_push.signature(secret, message, at, raw),
        **changed,
    }
    return Client().post(
        f"/api/v1/push/{slug}/", raw, content_type="application/json", headers=headers
    )


def test_signature_is_that_of_the_standard() -> None:
    # The example of the specification of Standard Webhooks.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signed_push.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_is_stored(secret: str) -> None:
    answer = push(secret, [ROW, {**ROW, "post_id": "2", "text": ""}])
    assert answer.status_code == 200
    assert [row["status"] for row in answer.json()["results"]] == ["created", "refused"]
    assert Post.objects.get().community.slug == "forum"


def test_one_message_counts_once(secret: str) -> None:
    assert push(secret, ROW).json()["results"]
    edited = {**ROW, "text": "How long does it take now?"}
    push(secret, edited, message="m2")
    again = push(secret, ROW)  # delivered late: it must not bring the old text back
    assert (again.status_code, again.json()) == (200, {"repeated": True})
    assert Post.objects.get().revisions.count() == 2
    assert PushedMessage.objects.count() == 2


def test_message_goes_where_its_secret_is_from(secret: str) -> None:
    other = cases.community(ConnectorKind.PUSH)
    push(secret, {**ROW, "community": other.slug})
    assert Post.objects.get().community.slug == "forum"
    assert push(secret, ROW, message="m2", slug=other.slug).status_code == 401


@pytest.mark.parametrize("late", [301, -301])
def test_old_message_is_refused(secret: str, late: float) -> None:
    assert push(secret, ROW, late=late).status_code == 401
    assert push(secret, ROW, late=late - 10 * (1 if late > 0 else -1)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "m2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1a,\u00e9"},
    ],
)
def test_what_is_not_signed_just_so_is_refused(secret: str, changed: dict[str, str]) -> None:
    answer = push(secret, ROW, **changed)
    assert answer.status_code == 401 and "is not signed" in answer.json()["detail"]
    assert not Post.objects.exists() and not PushedMessage.objects.exists()


def test_nobody_learns_which_communities_there_are(secret: str) -> None:
    there = push("whsec_" + "A" * 44, ROW)
    nowhere = push(secret, ROW, slug="nowhere")
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())


def test_community_without_a_secret_takes_nothing(forum: Community) -> None:
    assert push("whsec_", ROW).status_code == 401


def test_two_secrets_hold_and_the_third_ends_the_first(forum: Community) -> None:
    admin = cases.person(Role.ADMIN)
    first, second = (signed_push.new_secret(by=admin, community_id=forum.pk) for _ in range(2))
    assert push(first, ROW, message="a").status_code == 200
    assert push(second, ROW, message="b").status_code == 200
    third = signed_push.new_secret(by=admin, community_id=forum.pk)
    assert push(first, ROW, message="c").status_code == 401
    assert push(third, ROW, message="d").status_code == 200


@pytest.mark.parametrize("body", [b"{", b"7", b'"text"', b"[" * 100_000, b"\xff"])
def test_signed_nonsense_is_refused_and_can_be_sent_again(secret: str, body: bytes) -> None:
    assert push(secret, body).status_code == 400
    assert push(secret, ROW).status_code == 200


def test_messages_are_forgotten_after_a_week(secret: str) -> None:
    push(secret, ROW)
    assert signed_push.forget_old() == 0
    PushedMessage.objects.update(taken_at=timezone.now() - timedelta(days=8))
    assert signed_push.forget_old() == 1


def test_secret_is_shown_once(client: Client, forum: Community) -> None:
    client.force_login(cases.person(Role.ADMIN))
    page = client.post(reverse("new_secret", args=["forum"])).content.decode()
    shown = re.search(r"<code>(whsec_[\w+/=]+)</code>", page)
    assert shown and push(shown.group(1), ROW).status_code == 200
    page = client.get(reverse("community", args=["forum"])).content.decode()
    assert shown.group(1) not in page and "1 secret holds" in page
    forum.refresh_from_db()
    assert shown.group(1).encode() not in bytes(forum.settings)
    sandbox = cases.community()
    assert client.post(reverse("new_secret", args=[sandbox.slug])).status_code == 400
