"""The composer and the forms of the review page: nothing typed is lost, every refusal says why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from compliance import scanners, vault
from compliance.enums import ScanState
from compliance.models import VaultText
from engage import drafting
from engage.models import Draft, DraftVersion
from reviews import safety
from reviews.enums import ReviewState, Role, SafetyOutcome
from reviews.models import Remark, Reveal, Review
from tests import cases
from tests.pages.places import IDENTIFYING, POST

pytestmark = pytest.mark.django_db

BLOCKED = "Take 2 tablets of ibuprofen every four hours and you will be cured."


class Broken:
    name = "broken"
    version = "1"

    def scan(self, texts: Any, contexts: Any, rules: Any) -> Any:
        raise RuntimeError("no")


@pytest.fixture
def draft(client: Client) -> Draft:
    author = cases.person(Role.CLINICIAN)
    client.force_login(author)
    post = cases.post(POST)
    answer = client.post(reverse("start_draft", args=[post.pk]))
    return Draft.objects.get(pk=UUID(answer["Location"].split("/")[2]))


def send(client: Client, draft: Draft, **fields: str) -> Any:
    return client.post(reverse("draft", args=[draft.pk]), fields, follow=True)


def text_of(answer: Any) -> str:
    return answer.content.decode()  # type: ignore[no-any-return]  # a response of the test client


def test_save_keeps_a_version_and_says_so(client: Client, draft: Draft) -> None:
    answer = send(client, draft, body=cases.CLEAN, save="1")
    assert "Saved as version 1." in text_of(answer)
    assert cases.CLEAN in text_of(answer)


def test_save_of_nothing_is_refused_in_words(client: Client, draft: Draft) -> None:
    answer = send(client, draft, body="  ", save="1")
    assert answer.status_code == 400
    assert "Write something first" in text_of(answer)


def test_save_of_too_much_gives_the_text_back(client: Client, draft: Draft) -> None:
    words = "Many words. " * 1000
    answer = send(client, draft, body=words, save="1")
    assert answer.status_code == 400
    assert "Please shorten it" in text_of(answer) and words.strip() in text_of(answer)


def test_submit_with_an_open_finding_keeps_text_and_answers(client: Client, draft: Draft) -> None:
    fields = {"body": BLOCKED, "submit": "1", "answer-CLM-DOSE-1": "It is on the leaflet."}
    answer = send(client, draft, **fields)
    assert answer.status_code == 409
    assert "say for each why it should stand" in text_of(answer)
    assert BLOCKED in text_of(answer) and "It is on the leaflet." in text_of(answer)
    assert DraftVersion.objects.filter(draft=draft).count() == 1  # it was saved all the same
    assert not Review.objects.exists()


def test_submit_with_answers_goes_to_the_reviewers(client: Client, draft: Draft) -> None:
    page = text_of(client.post(reverse("draft_findings", args=[draft.pk]), {"body": BLOCKED}))
    slots = [part.split('"')[0] for part in page.split('name="')[1:]]
    assert slots
    answers = {slot: f"Why {slot} stands." for slot in slots}
    answer = send(client, draft, body=BLOCKED, submit="1", **answers)
    review = Review.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("review", args=[review.pk])
    assert "Compliance and legal have it now" in text_of(answer)
    said = {
        remark.finding.rule_id: vault.unseal(remark.body)
        for remark in Remark.objects.select_related("finding", "body__key")
        if remark.finding
    }
    assert said["CLM-DOSE"] == "Why answer-CLM-DOSE-1 stands."


def test_findings_show_while_typing_and_store_nothing(client: Client, draft: Draft) -> None:
    page = text_of(client.post(reverse("draft_findings", args=[draft.pk]), {"body": BLOCKED}))
    assert "CLM-DOSE" in page and "What to do" in page
    assert not DraftVersion.objects.exists()


def test_failing_scanner_is_said_while_typing_and_holds_the_draft(
    client: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "SCANNERS", (*scanners.SCANNERS, Broken()))
    typing = client.post(reverse("draft_findings", args=[draft.pk]), {"body": cases.CLEAN})
    assert "could not read this text" in text_of(typing)
    answer = send(client, draft, body=cases.CLEAN, submit="1")
    assert answer.status_code == 409
    assert cases.CLEAN in text_of(answer)
    assert VaultText.objects.filter(scan_state=ScanState.HELD).exists()


def test_saving_over_somebody_elses_version_says_so(client: Client, draft: Draft) -> None:
    drafting.save(by=cases.person(Role.CLINICIAN), draft_id=draft.pk, body=cases.CLEAN)
    answer = send(client, draft, body="Another reply.", seen_version="0", save="1")
    assert "Somebody else saved version 1" in text_of(answer)
    assert DraftVersion.objects.filter(draft=draft).count() == 2


def test_draft_in_review_is_shown_but_not_taken(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(review.submitted_by)
    draft = Draft.objects.get(pk=review.case_id)
    assert "is in review" in text_of(client.get(reverse("draft", args=[draft.pk])))
    answer = send(client, draft, body="Another text.", save="1")
    assert answer.status_code == 409 and "Another text." in text_of(answer)


def test_signed_out_while_typing_gives_the_text_back(client: Client, draft: Draft) -> None:
    client.logout()
    answer = client.post(reverse("draft", args=[draft.pk]), {"body": cases.CLEAN, "save": "1"})
    assert answer.status_code == 401
    assert "signed out" in text_of(answer) and cases.CLEAN in text_of(answer)


def test_old_form_gives_the_text_back(draft: Draft) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(draft.started_by)
    answer = strict.post(reverse("draft", args=[draft.pk]), {"body": cases.CLEAN, "save": "1"})
    assert answer.status_code == 403
    assert "too old" in text_of(answer) and cases.CLEAN in text_of(answer)


def test_held_post_is_not_shown(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanners, "SCANNERS", (*scanners.SCANNERS, Broken()))
    post = cases.post("Words that no scanner could read.")
    client.force_login(cases.person(Role.CLINICIAN))
    page = text_of(client.get(reverse("thread", args=[post.thread_id])))
    assert "Held" in page and "Words that" not in page
    assert "Held" in text_of(client.get(reverse("inbox") + "?tab=held"))


def test_sent_back_reply_shows_its_author_what_must_change(client: Client) -> None:
    review = cases.review_at(ReviewState.SENT_BACK)
    client.force_login(review.submitted_by)
    page = text_of(client.get(reverse("draft", args=[review.case_id])))
    assert "Please change it." in page and "Save and submit" in page


@pytest.mark.parametrize(
    ("form", "fields", "status", "sentence"),
    [
        ("sign", {"seat": "compliance", "password": "wrong", "seen": "x"}, 403, "password"),
        ("sign", {"seat": "nobody"}, 400, "sign again"),
        ("send_back", {"reason": " ", "code": "tone"}, 400, "write"),
        ("send_back", {"reason": "Why."}, 400, "kind of reason"),
        ("refuse", {"reason": "", "code": "tone"}, 400, "write"),
        ("remark", {"body": " "}, 400, "write"),
        ("dispose", {"verdict": "maybe", "reason": "Because it is."}, 400, "Choose"),
        ("dispose", {"finding": "no id", "verdict": "valid", "reason": "Because it is."}, 400, ""),
    ],
)
def test_refused_form_says_why_on_the_page(
    client: Client, form: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    client.force_login(cases.person(Role.COMPLIANCE))
    finding = review.scan.findings.get(severity="needs_legal")
    answer = client.post(reverse(form, args=[review.pk]), {"finding": str(finding.pk), **fields})
    assert answer.status_code == status
    page = text_of(answer)
    assert 'class="refusal"' in page
    assert sentence.lower() in page.split('class="refusal"')[1].split("</p>")[0].lower()


def test_refused_disposition_keeps_its_reason(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED, flagged=True)
    client.force_login(cases.person(Role.COMPLIANCE))
    finding = review.scan.findings.get(severity="needs_legal")
    fields = {"finding": str(finding.pk), "verdict": "maybe", "reason": "Because it is."}
    answer = client.post(reverse("dispose", args=[review.pk]), fields)
    assert "Because it is." in text_of(answer)


def test_words_of_a_finding_are_shown_with_identifiers_masked(client: Client) -> None:
    draft = cases.draft("You booked Sarah Miller with us, and it often settles by itself.")
    version = drafting.newest_version(draft)
    assert version is not None and version.text.scan is not None
    answers = {finding.pk: "It stands." for finding in version.text.scan.findings.all()}
    review = drafting.submit(by=version.author, draft_id=draft.pk, answers=answers)
    client.force_login(cases.person(Role.LEGAL))
    page = text_of(client.get(reverse("review", args=[review.pk])))
    assert "Sarah Miller" not in page and "You booked" in page


def test_two_people_sign_on_the_page(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    for role in (Role.COMPLIANCE, Role.LEGAL):
        client.force_login(cases.person(role))
        page = client.get(reverse("review", args=[review.pk]))
        fields = {"seat": role, "password": cases.PASSWORD, "seen": page.context["seal"]}
        answer = client.post(reverse("sign", args=[review.pk]), fields, follow=True)
    assert "the reply is cleared" in text_of(answer)
    review.refresh_from_db()
    assert review.state == ReviewState.CLEARED


def test_reveal_shows_one_identifier_once_and_records_it(client: Client) -> None:
    post = cases.post(POST)
    text = post.revisions.get().text
    assert text.scan is not None
    finding = text.scan.findings.filter(rule_id="PHI-NAME").latest("start")
    client.force_login(cases.person(Role.SAFETY))
    address = reverse("reveal", args=[text.pk, finding.pk])
    htmx = {"HX-Request": "true"}
    refused = client.post(address, {"reason": " "}, headers=htmx)
    assert "reason is part of the record" in text_of(refused)
    shown = client.post(address, {"reason": "To call her back."}, headers=htmx)
    assert IDENTIFYING in text_of(shown) and "<html" not in text_of(shown)
    assert "<html" in text_of(client.post(address, {"reason": "To call her back."}))
    assert Reveal.objects.count() == 2
    assert IDENTIFYING not in text_of(client.get(reverse("thread", args=[post.thread_id])))


def test_answer_counts_after_the_thread_has_moved(client: Client, draft: Draft) -> None:
    # A signal that was disposed of since the text was saved gives its findings other ids.
    drafting.save(by=draft.started_by, draft_id=draft.pk, body=BLOCKED)
    post = draft.reply_to
    (case,) = safety.open_cases(
        thread_id=draft.thread_id,
        community_name="Community",
        text=post.revisions.get().text,
        rule_ids=["SAFE-URGENT"],
    )
    version = drafting.save(by=draft.started_by, draft_id=draft.pk, body=f"{BLOCKED} Call 911 now.")
    assert version.text.scan is not None
    answers = {f.pk: "It is on the leaflet." for f in version.text.scan.findings.all()}
    safety.dispose(
        by=cases.person(Role.SAFETY),
        case_id=case.pk,
        outcome=SafetyOutcome.NOT_VALID,
        reason="No emergency.",
    )
    review = drafting.submit(by=draft.started_by, draft_id=draft.pk, answers=answers)
    assert review.scan_id != version.text.scan.pk and review.remarks.count() >= 1
