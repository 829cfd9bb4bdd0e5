"""The page of a review: comments about passages, versions beside each other, one history, and what
was signed shown again."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compliance.ledger.kinds import EventKind
from compliance.models import Event, VaultText
from engage import drafting
from engage.models import Draft
from reviews import clearance, workflow
from reviews.enums import ReviewState, Role, Seat
from reviews.models import Remark, Review, Sight, User
from tests import cases

pytestmark = pytest.mark.django_db

FIRST = "Many people notice irregular bleeding in the first months. It often settles soon."
SECOND = "Thank you. Many people notice irregular bleeding in the first months. It may settle."


def submitted(body: str, by: User | None = None, again: Review | None = None) -> Review:
    """A review of a new reply, or of the next version of one that was sent back."""
    author = by or cases.person(Role.CLINICIAN)
    if again is None:
        draft = drafting.start(by=author, post_id=cases.post().pk)
    else:
        draft = Draft.objects.get(pk=again.case_id)
        cases.done_as_required(draft.pk, author)
    drafting.save(by=author, draft_id=draft.pk, body=body)
    return drafting.submit(by=author, draft_id=draft.pk, answers={})


def sent_back(review: Review, reason: str = "Say it in fewer words.") -> Review:
    workflow.send_back(
        by=cases.person(Role.COMPLIANCE), review_id=review.pk, code="tone", reason=reason
    )
    return review


def shown(client: Client, by: User, review: Review, query: str = "") -> str:
    client.force_login(by)
    answer = client.get(reverse("review", args=[review.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def about(page: str, words: str) -> str:
    """The choice of the comment form that begins so."""
    found = re.search(rf'<option value="([^"]*)">{re.escape(words)}', page)
    assert found
    return found[1]


def comments(client: Client, by: User, review: Review, words: str, on: str) -> Any:
    page = shown(client, by, review)
    form = {"body": words, "about": about(page, on)}
    return client.post(reverse("remark", args=[review.pk]), form)


def test_comment_stands_at_its_passage(client: Client) -> None:
    officer, review = cases.person(Role.COMPLIANCE), submitted(FIRST)
    assert comments(client, officer, review, "Says who?", "It often").status_code == 302
    remark = Remark.objects.get(kind="comment")
    text = "It often settles soon."
    assert (remark.anchor_end or 0) - (remark.anchor_start or 0) == len(text)
    page = shown(client, officer, review)
    assert re.search(r'settles soon\.<a class="note-mark" id="passage-1" href="#note-1">', page)
    assert re.search(r'id="note-1">.*?“It often settles soon\.”.*?Says who\?', page, re.DOTALL)


def test_comment_goes_along_to_the_next_version(client: Client) -> None:
    officer, review = cases.person(Role.COMPLIANCE), submitted(FIRST)
    comments(client, officer, review, "Good.", "Many people")
    comments(client, officer, review, "Says who?", "It often")
    again = submitted(SECOND, review.submitted_by, sent_back(review))
    page = shown(client, officer, again)
    assert re.search(r'first months\.<a class="note-mark" id="passage-1"', page)
    assert re.search(r'id="note-2">.*?the passage was changed.*?It often settles', page, re.DOTALL)


@pytest.mark.parametrize("about", ["5-5", "9-3", "0-100000", "x", "1-", "-1-5"])
def test_comment_about_nothing_is_refused(client: Client, about: str) -> None:
    officer, review = cases.person(Role.COMPLIANCE), submitted(FIRST)
    client.force_login(officer)
    form = {"body": "Words to keep.", "about": about}
    refused = client.post(reverse("remark", args=[review.pk]), form)
    assert refused.status_code == 400 and "Words to keep." in refused.content.decode()
    assert not Remark.objects.filter(kind="comment").exists()


def test_passages_and_quotes_are_masked(client: Client) -> None:
    officer = cases.person(Role.COMPLIANCE)
    author = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=author, post_id=cases.post().pk)
    drafting.save(by=author, draft_id=draft.pk, body="Dear Keisha Brandt, it settles. Good luck.")
    version = drafting.newest_version(draft)
    assert version and version.text.scan
    answers = {f.pk: "As she signs." for f in version.text.scan.findings.all()}
    review = drafting.submit(by=author, draft_id=draft.pk, answers=answers)
    comments(client, officer, review, "Who?", "Dear")
    page = shown(client, officer, review)
    assert "Keisha" not in page and "Brandt" not in page
    assert page.count("Dear [Name 1]") >= 2  # the choice, and the quote
    signed = client.get(reverse("signed", args=[review.pk])).content.decode()
    assert "Keisha" not in signed


def test_new_version_is_shown_beside_the_one_that_was_seen(client: Client) -> None:
    officer, other = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    first = submitted(FIRST)
    shown(client, officer, first)
    second = submitted(FIRST + " Or not.", first.submitted_by, sent_back(first))
    third = submitted(SECOND, first.submitted_by, sent_back(second))
    page = shown(client, officer, third)
    assert "you saw it last" in page
    compared = page[page.index("compared-heading") : page.index('class="card words exact"')]
    assert f"/reviews/{first.pk}/" in compared  # not the second, which this officer never saw
    assert re.search(r"<ins>.*?Thank you\.", compared, re.DOTALL)
    assert re.search(r"<del>.*?often", compared, re.DOTALL)
    page = shown(client, other, third)
    assert "you saw it last" not in page and f"/reviews/{second.pk}/" in page
    page = shown(client, officer, third, f"?with={second.pk}")
    assert re.search(rf'value="{second.pk}" selected', page)


def test_same_text_again_says_so(client: Client) -> None:
    first = submitted(FIRST)
    second = submitted(FIRST, first.submitted_by, sent_back(first))
    assert "The text is that of" in shown(client, cases.person(Role.LEGAL), second)
    assert "compared-heading" not in shown(client, cases.person(Role.LEGAL), first)


def test_sights_are_of_those_who_decide(client: Client) -> None:
    review = submitted(FIRST)
    for role in (Role.COMPLIANCE, Role.AUDITOR):
        shown(client, cases.person(role), review)
    shown(client, review.submitted_by, review)
    assert Sight.objects.count() == 1


def test_history_tells_everything_in_order(client: Client) -> None:
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    first = submitted(FIRST)
    workflow.remark(by=officer, review_id=first.pk, body="A first thought.")
    second = submitted(SECOND, first.submitted_by, sent_back(first))
    cases.sign(second, Seat.COMPLIANCE, by=officer)
    cases.sign(second, Seat.LEGAL, by=counsel)
    workflow.suspend(review_id=second.pk, why="answered_post_edited")
    page = shown(client, officer, second)
    story = page[page.index("What was said and done") :]
    now, _, before = story.partition('<details class="chapter">')
    for words in ("Submitted", "Signed as compliance officer", "Signed as legal counsel",
                  "Cleared", "Suspended: the thread moved"):  # fmt: skip
        assert words in now
        now = now[now.index(words) :]
    assert "A first thought." in before and "Say it in fewer words." in before
    assert "Tone or wording" in before


def test_questions_do_not_grow_with_comments_and_versions(client: Client) -> None:
    officer = cases.person(Role.COMPLIANCE)

    def asked(review: Review) -> int:
        shown(client, officer, review)
        with CaptureQueriesContext(connection) as questions:
            shown(client, officer, review)
        return len(questions)

    first = submitted(FIRST)
    workflow.remark(by=officer, review_id=first.pk, body="One.", about=(0, 4))
    second = submitted(SECOND, first.submitted_by, sent_back(first))
    workflow.remark(by=officer, review_id=second.pk, body="Two.", about=(0, 4))
    few = asked(second)
    for n in range(4):
        workflow.remark(by=officer, review_id=second.pk, body=f"More {n}.", about=(0, 5))
    third = submitted(FIRST, first.submitted_by, sent_back(second))
    workflow.remark(by=officer, review_id=third.pk, body="Three.", about=(0, 4))
    # One question more for each older version with a passage that was commented on: its text.
    assert asked(third) <= few + 2


def test_platform_takes_so_many_characters(client: Client) -> None:
    review = submitted(FIRST + " See https://www.acog.org/womens-health for more.")
    page = shown(client, cases.person(Role.LEGAL), review)
    assert re.search(r"\d+ of at most [\d,]+ characters", page)
    assert ">www.acog.org</a>" in page and 'rel="noreferrer noopener nofollow"' in page


def signed_page(client: Client, by: User, review: Review) -> str:
    client.force_login(by)
    return client.get(reverse("signed", args=[review.pk])).content.decode()


@pytest.mark.parametrize("state", [ReviewState.IN_REVIEW, ReviewState.CLEARED,
                                   ReviewState.PUBLISHED, ReviewState.EXPIRED])  # fmt: skip
def test_what_was_signed_is_shown_again(client: Client, state: ReviewState) -> None:
    review = cases.review_at(state, flagged=True)
    page = signed_page(client, cases.person(Role.AUDITOR), review)
    assert "Everything here is what was signed" in page and "different" not in page
    assert review.rule_set.version in page and "Proved by password." in page
    assert page.count("the same</span>") == 2 + len(review.signatures)


def test_signpost_that_was_signed_in_advance_is_shown_again(client: Client) -> None:
    review = cases.posted_signpost()
    page = signed_page(client, cases.person(Role.AUDITOR), review)
    assert "Everything here is what was signed" in page
    assert page.count("the same</span>") == 4


@pytest.mark.parametrize("what", ["packet", "signature", "reason"])
def test_one_changed_byte_is_told_loudly(client: Client, what: str) -> None:
    # Whoever owns the database can get round its laws; what was signed shows that it was done.
    review = cases.review_at(ReviewState.CLEARED, flagged=True)
    with connection.cursor() as cursor:
        _drop_laws(cursor)
        if what == "packet":
            VaultText.objects.filter(pk=review.packet_id).update(digest="0" * 64)
        elif what == "signature":
            cursor.execute("UPDATE reviews_signoff SET digest = %s", ["0" * 64])
        else:
            VaultText.objects.filter(pk=review.dispositions.get().reason_id).update(digest="1" * 64)
    page = signed_page(client, cases.person(Role.AUDITOR), review)
    assert "This is not what was signed" in page and "different</span>" in page


def _drop_laws(cursor: Any) -> None:
    if connection.vendor == "postgresql":
        cursor.execute("SET session_replication_role = replica")
        return
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP TRIGGER {name}")


def test_file_holds_the_sealed_bytes_and_is_recorded(client: Client) -> None:
    review, counsel = cases.review_at(ReviewState.CLEARED), cases.person(Role.LEGAL)
    client.force_login(counsel)
    address = reverse("take_out_signed", args=[review.pk])
    assert client.post(address, {"reason": " "}).status_code == 400
    assert not Event.objects.filter(kind=EventKind.SIGNED_EXPORTED).exists()
    file = json.loads(client.post(address, {"reason": "A court asks."}).content)
    assert file["text"].startswith(cases.CLEAN)
    assert json.loads(file["packet"])["text"] == file["text"]
    assert all(check["holds"] for check in file["checks"])
    assert {s["digest"] for s in file["signatures"]} == {clearance.seal_digest(review)}
    event = Event.objects.get(kind=EventKind.SIGNED_EXPORTED)
    assert event.actor == counsel.actor and "court" not in json.dumps(event.facts)
    page = shown(client, cases.person(Role.AUDITOR), review)
    assert "Reason for taking out what was signed" in page and "A court asks." in page
