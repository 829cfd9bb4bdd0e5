"""One step of the canary story, in the stack's own environment: `play`, `state` or `dump`."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.core import mail  # noqa: E402  (after setup)
from django.db import connection  # noqa: E402

from compliance.enums import ScanState  # noqa: E402
from compliance.models import Event, VaultText  # noqa: E402
from engage import drafting, listening, screening  # noqa: E402
from engage.communities import add_community  # noqa: E402
from engage.enums import ConnectorKind, PublicationState  # noqa: E402
from engage.models import Post, Publication  # noqa: E402
from reviews import gates, workflow  # noqa: E402
from reviews.enums import DeliveryState, Role  # noqa: E402
from reviews.models import Delivery  # noqa: E402
from reviews.people import add_person  # noqa: E402
from tests import cases  # noqa: E402
from tests.stack import wait_until  # noqa: E402

AUTHOR = "canary-author"


def play(canaries: dict[str, str]) -> None:
    """From the first post to the withdrawal, with a canary wherever somebody writes."""
    import os

    settings = {
        "base_url": os.environ["SANDBOX_URL"],
        "board": "canaries",
        "token": os.environ["SANDBOX_TOKEN"],
        "quiet_seconds": 1,
    }
    community = add_community(
        by="system", slug="canaries", name="C", connector=ConnectorKind.SANDBOX, settings=settings
    )
    listening.poll(community.pk)
    texts = VaultText.objects.filter(post_revision__isnull=False)
    states = {ScanState.SCANNED.value, ScanState.HELD.value}
    wait_until(lambda: set(texts.values_list("scan_state", flat=True)) == states, 60, "the scans")
    post = next(p for p in Post.objects.all() if p.revisions.latest("number").text.scan_id)
    wait_until(lambda: screening.is_thread_screened(post.thread), 60, "the triage")
    author = add_person(by=None, username=AUTHOR, password=cases.PASSWORD, roles=[Role.CLINICIAN])
    counsel = cases.person(Role.LEGAL)
    for person in (author, counsel):
        cases.reachable(person, webhook=None)
    draft = drafting.start(by=author, post_id=post.pk)
    body = f"Many people notice this, {canaries['draft']}."
    version = drafting.save(by=author, draft_id=draft.pk, body=body)
    version.text.refresh_from_db()
    assert version.text.scan is not None
    why = {
        f.pk: canaries["comment"]
        for f in version.text.scan.findings.all()
        if f.severity in gates.ANSWERED_BY_AUTHOR
    }
    review = drafting.submit(by=author, draft_id=draft.pk, answers=why)
    workflow.remark(by=counsel, review_id=review.pk, body=f"Why {canaries['comment']}?")
    cases.dispose_all(review)
    cases.sign(review, Role.LEGAL, by=counsel)
    cases.sign(review, Role.COMPLIANCE)
    live = Publication.objects.filter(state=PublicationState.LIVE)
    wait_until(lambda: live.exists(), 60, "the posting")
    workflow.withdraw(by=author, review_id=review.pk, code="other", reason=canaries["comment"])
    mail.mail_admins("A test", "Nothing here.")
    print("played")


def state() -> None:
    """Whether the worker took the reply down and sent every mail."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    taken_down = Publication.objects.filter(state=PublicationState.WITHDRAWN)
    if taken_down.exists() and not waiting.exists():
        print("settled")


def dump() -> None:
    """The whole ledger and every table of sessions, as text."""
    for event in Event.objects.order_by("id").values():
        print(event)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM django_session")
        print(cursor.fetchall())


if __name__ == "__main__":
    {"play": lambda: play(json.loads(sys.argv[2])), "state": state, "dump": dump}[sys.argv[1]]()
