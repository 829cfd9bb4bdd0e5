"""Adding communities, changing how they are reached, and testing the connection; what is secret
goes in and never comes out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance.ledger.kinds import EventKind
from compliance.models import Event
from engage import communities
from engage.connectors import connector_for
from engage.connectors.fields import FIELDS, Kind, settings_from
from engage.enums import ConnectorKind
from engage.models import Community
from reviews.enums import Role
from tests import cases
from tests.engage.sandbox_server import SandboxServer, sandbox

__all__ = ["sandbox"]  # a fixture

pytestmark = pytest.mark.django_db

SECRET = "canary-credential-4711"
WORDPRESS = {
    "base_url": "https://c.example",
    "username": "expert",
    "application_password": SECRET,
    "quiet_seconds": "",
}
ABOUT = {"name": "A site", "slug": "a-site", "about": "", "disclosure_line": ""}
EXAMPLES = {
    ConnectorKind.WORDPRESS: WORDPRESS,
    ConnectorKind.MATRIX: {
        "base_url": "https://m.example", "room": "!a:m.example", "token": SECRET, "device_id": "D",
    },
    ConnectorKind.BLUESKY: {"identifier": "a.example", "app_password": SECRET, "watch": "@b\n#c"},
    ConnectorKind.DISCOURSE: {
        "base_url": "https://d.example", "username": "expert", "api_key": SECRET, "category": "5",
    },
    ConnectorKind.MASTODON: {
        "base_url": "https://m.example", "access_token": SECRET, "watch": "#iud\n@a@b.example",
    },
    ConnectorKind.REDDIT: {
        "subreddit": "birthcontrol", "client_id": "c", "client_secret": SECRET,
        "refresh_token": SECRET,
    },
    ConnectorKind.ASSISTED: {"base_url": "https://g.example/groups/1", "max_length": "280"},
    ConnectorKind.FEED: {"feed_url": "https://f.example/rss"},
    ConnectorKind.SANDBOX: {"base_url": "http://s.example", "board": "b", "token": SECRET},
}  # fmt: skip


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(cases.person(Role.ADMIN))
    return client


def test_every_kind_has_its_fields() -> None:
    assert set(FIELDS) == set(ConnectorKind)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_connector_takes_what_its_form_asks_for(kind: ConnectorKind) -> None:
    settings = settings_from(kind, EXAMPLES[kind], {})
    connector_for(kind, settings)
    for field in FIELDS[kind]:
        if not field.fallback:
            left_out = {**EXAMPLES[kind], field.name: " "}
            with pytest.raises(ValueError, match=field.label.lower()):
                settings_from(kind, left_out, {})
            # Asked for because the connector needs it.
            with pytest.raises(ValueError):
                connector_for(kind, {**settings, field.name: ""})


def test_one_is_added_with_its_settings_sealed(admin: Client) -> None:
    address = reverse("add_community", args=["wordpress"])
    assert 'type="password"' in admin.get(address).content.decode()
    page = admin.post(address, {**ABOUT, **WORDPRESS}, follow=True)
    assert "A site is added" in page.content.decode()
    community = Community.objects.get(slug="a-site")
    assert communities.settings_of(community)["application_password"] == SECRET
    assert SECRET.encode() not in bytes(community.settings)
    assert SECRET not in page.content.decode()
    assert "One is kept sealed" in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"application_password": ""}, "Fill in: application password."),
        ({"base_url": "ftp://x"}, "must start with http"),
        ({"quiet_seconds": "soon"}, "give a whole number from 1 to 3,600"),
        ({"slug": "A Site"}, "small letters"),
        ({"name": " "}, "needs a name"),
        ({"disclosure_line": "I am {nobody}."}, "{nobody}"),
    ],
)
def test_bad_input_is_named_and_the_rest_is_given_back(
    admin: Client, changed: dict[str, str], says: str
) -> None:
    sent = {**ABOUT, "about": "Kept words", **WORDPRESS, **changed}
    answer = admin.post(reverse("add_community", args=["wordpress"]), sent)
    page = answer.content.decode()
    assert answer.status_code == 400 and says in page
    assert "Kept words" in page and SECRET not in page
    assert not Community.objects.filter(slug="a-site").exists()


def test_secret_stays_unless_another_one_is_given(admin: Client) -> None:
    admin.post(reverse("add_community", args=["wordpress"]), {**ABOUT, **WORDPRESS})
    address = reverse("community", args=["a-site"])
    assert SECRET not in admin.get(address).content.decode()
    Community.objects.update(poll_failures=7, poll_error="unauthorised")
    admin.post(address, {**WORDPRESS, "username": "another", "application_password": ""})
    community = Community.objects.get(slug="a-site")
    settings = communities.settings_of(community)
    assert (settings["username"], settings["application_password"]) == ("another", SECRET)
    assert community.poll_failures == 0 and community.next_poll_at is None  # it is read at once
    event = Event.objects.get(kind=EventKind.COMMUNITY_CHANGED)
    assert event.facts == {"settings": ["username"]}
    admin.post(address, {**WORDPRESS, "application_password": "new"})
    settings = communities.settings_of(Community.objects.get(slug="a-site"))
    assert settings["application_password"] == "new"


def test_nothing_changed_is_nothing_recorded(admin: Client) -> None:
    admin.post(reverse("add_community", args=["wordpress"]), {**ABOUT, **WORDPRESS})
    admin.post(reverse("community", args=["a-site"]), {**WORDPRESS, "application_password": ""})
    assert not Event.objects.filter(kind=EventKind.COMMUNITY_CHANGED).exists()


def test_pushed_community_has_nothing_to_set(admin: Client) -> None:
    page = admin.post(reverse("add_community", args=["push"]), ABOUT, follow=True)
    assert "/api/v1/posts/" in page.content.decode()
    page = admin.post(reverse("test_community", args=["a-site"]))
    assert "Nothing is asked there" in page.content.decode()


def test_connection_is_tested_in_words(admin: Client, sandbox: SandboxServer) -> None:
    good = {k: str(v) for k, v in sandbox.settings(sandbox.new_board()).items()}
    admin.post(reverse("add_community", args=["sandbox"]), {**ABOUT, **good})
    page = admin.post(reverse("test_community", args=["a-site"])).content.decode()
    assert "Everything is there" in page
    admin.post(reverse("community", args=["a-site"]), {**good, "token": SECRET})
    page = admin.post(reverse("test_community", args=["a-site"])).content.decode()
    assert "This stands in the way" in page and SECRET not in page


def test_there_is_no_other_kind(admin: Client) -> None:
    assert admin.get(reverse("add_community", args=["myspace"])).status_code == 404


def test_secret_fields_are_those_with_secrets() -> None:
    secret = {f.name for fields in FIELDS.values() for f in fields if f.kind is Kind.SECRET}
    assert secret == {
        "access_token", "api_key", "app_password", "application_password", "client_secret",
        "refresh_token", "token",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("unauthorised", "enter its password or key anew"),
        ("leads_inside", "COMMUNITY_HOSTS_INSIDE"),
        ("http_502", "answers with an error (502)"),
        ("something_new", "can&#x27;t be read (something_new)"),
    ],
)
def test_what_keeps_a_community_from_being_read_is_said_in_words(
    admin: Client, code: str, says: str
) -> None:
    community = cases.community()
    Community.objects.filter(pk=community.pk).update(
        poll_failures=3, poll_error=code, next_poll_at="2199-01-01T00:00:00Z"
    )
    for address in (reverse("communities"), reverse("community", args=[community.slug])):
        page = admin.get(address).content.decode()
        assert "ailed 3 times in a row" in page and says in page
    cases.post()
    assert "last post arrived" in admin.get(reverse("communities")).content.decode()
