"""The pages of recalled evidence and of live replies to look at again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed
from compliance.models import Event
from compliance.rules import ApprovedClaim, RuleProfile
from engage import drafting, relooks
from engage.connectors.base import Posted
from engage.enums import PublicationState, RelookOutcome
from engage.models import Publication, Relook
from engage.tasks import sweep_evidence
from reviews import recalls, workflow
from reviews.enums import ReviewState, Role
from reviews.exceptions import WrongState
from reviews.models import Recall, Review, RoleGrant, User
from tests import cases
from tests.laws.attacks import assert_refused, delete, run, update, without_laws
from tests.laws.test_one_live_copy import FakePlatform, platform
from tests.pages.test_markup import Markup

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db
TYPED = {"kind": "reference", "reference": "https://www.example.org/review/", "why": "Retracted."}
CLAIM = ApprovedClaim("Coils last for years.", "Label, 2026", "Ada Birch", "2199-01-01")


def page_of(client: Client, who: User, name: str, *args: object) -> str:
    client.force_login(who)
    page = client.get(reverse(name, args=args)).content.decode()
    assert not Markup(page).faults
    return page


def live(platform: FakePlatform, review: Review | None = None) -> Publication:
    platform.outcomes.append(Posted({"post_id": str(len(platform.sent) + 1)}))
    return cases.live_publication(review)


# Recalling


def test_recall_says_what_it_did_and_lists_what_cites_it(
    client: Client, platform: FakePlatform
) -> None:
    live(platform, cases.citing_review_at(ReviewState.CLEARED))
    for state in (ReviewState.IN_REVIEW, ReviewState.CLEARED):
        cases.citing_review_at(state)
    draft = cases.draft()
    drafting.save(
        by=draft.started_by, draft_id=draft.pk, body=cases.CLEAN, references=cases.REFERENCE
    )
    moved_on = cases.citing_review_at(ReviewState.SENT_BACK)
    drafting.save(by=moved_on.submitted_by, draft_id=moved_on.case_id, body=cases.CLEAN)
    officer = cases.person(Role.COMPLIANCE)
    client.force_login(officer)
    answer = client.post(reverse("make_recall"), {**TYPED, "instead": "The new one"}, follow=True)
    page = answer.content.decode()
    assert "Recalled. What was cleared is sent back" in page and "The new one" in page
    sweep_evidence()
    page = page_of(client, officer, "recall", Recall.objects.get().pk)
    in_review, with_authors = page.split("With their authors")
    assert in_review.count('class="row-title"') == 2 and "can't be signed" in in_review
    assert "to be looked at again" in in_review
    assert with_authors.count('class="row-title"') == 2  # the draft, and what was sent back


@pytest.mark.parametrize(
    "wrong",
    [{"reference": " "}, {"reference": "x" * 401}, {"why": ""}, {"kind": "claim", "claim": "no"}],
)
def test_refused_recall_keeps_what_was_typed(client: Client, wrong: dict[str, str]) -> None:
    client.force_login(cases.person(Role.LEGAL))
    answer = client.post(reverse("make_recall"), {**TYPED, "instead": "Keep this", **wrong})
    page = answer.content.decode()
    assert answer.status_code == 400 and "Keep this" in page
    assert page.count('role="alert"') <= 1 and not Recall.objects.exists()


def test_recall_a_second_time_says_so() -> None:
    cases.recall()
    with pytest.raises(BadInput, match="recalled already"):
        cases.recall()


def test_claim_is_recalled_by_choosing_it(client: Client) -> None:
    here = cases.community()
    cases.profile_version(RuleProfile(claims=(CLAIM,)), here=here)
    counsel = cases.person(Role.LEGAL)
    assert CLAIM.text in page_of(client, counsel, "recalls")
    sent = {"kind": "claim", "claim": f"{here.slug} {CLAIM.id}", "why": "The label changed."}
    page = client.post(reverse("make_recall"), sent, follow=True).content.decode()
    assert CLAIM.text in page and here.name in page
    assert f"{here.slug} {CLAIM.id}" not in page_of(client, counsel, "recalls")  # not twice


def test_claim_that_was_recalled_is_not_offered_to_authors(client: Client) -> None:
    draft = cases.draft()
    here = draft.thread.community
    cases.profile_version(RuleProfile(claims=(CLAIM,)), here=here)
    assert CLAIM.text in page_of(client, draft.started_by, "draft", draft.pk)
    recalls.recall_claim(
        by=cases.person(Role.LEGAL), community_id=here.pk, claim_id=CLAIM.id, why="It changed."
    )
    assert CLAIM.text not in page_of(client, draft.started_by, "draft", draft.pk)


def test_author_and_reviewers_are_told_why_and_what_to_cite(client: Client) -> None:
    review = cases.citing_review_at(ReviewState.CLEARED)
    waits = cases.citing_review_at(ReviewState.SUBMITTED)
    cases.recall(instead="The new one, 2026")
    draft = page_of(client, review.submitted_by, "draft", review.case_id)
    for page in (draft, page_of(client, cases.person(Role.LEGAL), "review", waits.pk)):
        assert "Reference 1 was recalled" in page and "Retracted." in page
        assert "Cite instead: The new one, 2026" in page
    queue = page_of(client, cases.person(Role.LEGAL), "queue")
    assert queue.count("Cites recalled evidence") == 1
    answer = client.post(  # as legal counsel: told before anything is typed
        reverse("sign", args=[waits.pk]),
        {"seat": "legal", "password": cases.PASSWORD, "seen": ""},
    )
    assert answer.status_code == 409 and "was recalled" in answer.content.decode()


def test_submission_says_which_reference_and_keeps_the_text(client: Client) -> None:
    cases.recall()
    draft = cases.draft()
    client.force_login(draft.started_by)
    sent = {"body": cases.CLEAN, "references": f"A label\n{cases.REFERENCE}", "submit": "1"}
    answer = client.post(reverse("draft", args=[draft.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 409 and "reference 2" in page and cases.CLEAN in page


def test_somebody_else_lifts_it(client: Client) -> None:
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    recall = cases.recall(by=officer)
    assert "somebody else of compliance or legal lifts it" in page_of(
        client, officer, "recall", recall.pk
    )
    address = reverse("lift_recall", args=[recall.pk])
    assert client.post(address, {"why": "A mistake."}).status_code == 403
    assert "Lift this recall" in page_of(client, counsel, "recall", recall.pk)
    assert client.post(address, {"why": ""}).status_code == 400
    page = client.post(address, {"why": "A mistake."}, follow=True).content.decode()
    assert "it can be cited again" in page and "A mistake." in page
    assert client.post(address, {"why": "Again."}).status_code == 409
    cases.citing_review_at(ReviewState.SUBMITTED)
    assert vault.unseal(recall.what) not in page_of(client, counsel, "recalls")
    assert (
        vault.unseal(recall.what) in client.get(reverse("recalls") + "?tab=lifted").content.decode()
    )


def test_words_of_a_recall_stay_sealed() -> None:
    recall = cases.recall("Zanthoxylum study, 2020", instead="Zanthoxylum study, 2026")
    recalls.lift(by=cases.person(Role.LEGAL), recall_id=recall.pk, why="Zanthoxylum.")
    assert "anthoxylum" not in str(list(Recall.objects.values()) + list(Event.objects.values()))


# Looking again


def test_old_reply_is_looked_at_again_and_again(platform: FakePlatform) -> None:
    publication = live(platform)
    assert relooks.open_due() == 0
    with override_settings(REREVIEW_DAYS=0):
        assert relooks.open_due() == 1 and relooks.open_due() == 0
    relook = relooks.waiting().get()
    decided = relooks.decide(
        by=cases.person(Role.COMPLIANCE),
        relook_id=relook.pk,
        outcome=RelookOutcome.STILL_RIGHT,
        reason="The label is the same.",
    )
    assert vault.unseal(decided.reason) == "The label is the same."  # type: ignore[arg-type]  # given
    assert not relooks.waiting().exists() and relooks.open_due() == 0
    with override_settings(REREVIEW_DAYS=0):
        assert relooks.open_due() == 1  # its time came again
    assert publication.relooks.count() == 2


def test_withdrawn_reply_is_taken_down(client: Client, platform: FakePlatform) -> None:
    publication = live(platform)
    relook = cases.relook(publication)
    client.force_login(cases.person(Role.COMPLIANCE))
    address = reverse("decide_relook", args=[relook.pk])
    refused = client.post(address, {"outcome": "withdrawn", "reason": ""})
    assert refused.status_code == 400 and "<details open>" in refused.content.decode()
    assert client.post(address, {"outcome": "", "reason": "Why."}).status_code == 400
    sent = {"outcome": "withdrawn", "reason": "The label changed."}
    page = client.post(address, sent, follow=True).content.decode()
    assert "being taken down" in page and "Nothing to look at again" in page
    assert Review.objects.get(pk=publication.review_id).state == ReviewState.WITHDRAWN
    assert client.post(address, sent).status_code == 409
    shown = page_of(client, cases.person(Role.AUDITOR), "publication", publication.pk)
    assert "Looked at again: withdrawn." in shown and "The label changed." in shown


@pytest.mark.parametrize("role", Role)
def test_compliance_alone_decides(role: Role, platform: FakePlatform) -> None:
    relook = cases.relook(live(platform))
    act = dict(relook_id=relook.pk, outcome=RelookOutcome.STILL_RIGHT, reason="Fine.")
    if role == Role.COMPLIANCE:
        assert relooks.decide(by=cases.person(role), **act).outcome == "still_right"  # type: ignore[arg-type]
    else:
        with pytest.raises(NotAllowed):
            relooks.decide(by=cases.person(role), **act)  # type: ignore[arg-type]


def test_who_wrote_it_does_not_decide(client: Client, platform: FakePlatform) -> None:
    publication = live(platform)
    relook = cases.relook(publication)
    author = publication.review.submitted_by
    RoleGrant.objects.create(user=author, role=Role.COMPLIANCE)
    author = User.objects.get(pk=author.pk)
    page = page_of(client, author, "relooks")
    assert "It has been live for long" in page and "It is still right" not in page
    with pytest.raises(NotAllowed, match="wrote"):
        relooks.decide(
            by=author, relook_id=relook.pk, outcome=RelookOutcome.STILL_RIGHT, reason="Mine."
        )


def test_what_is_not_live_any_more_does_not_wait(platform: FakePlatform) -> None:
    publication = live(platform)
    relook = cases.relook(publication)
    workflow.withdraw(
        by=publication.review.submitted_by,
        review_id=publication.review_id,
        code="other",
        reason="Old.",
    )
    assert not relooks.waiting().exists()
    with pytest.raises(WrongState):
        relooks.decide(
            by=cases.person(Role.COMPLIANCE),
            relook_id=relook.pk,
            outcome=RelookOutcome.STILL_RIGHT,
            reason="Late.",
        )
    with override_settings(REREVIEW_DAYS=0):
        assert relooks.open_due() == 0


def test_what_was_decided_is_never_changed(platform: FakePlatform) -> None:
    relook = cases.relook(live(platform))
    officer = cases.person(Role.COMPLIANCE)
    decided = relooks.decide(
        by=officer, relook_id=relook.pk, outcome=RelookOutcome.STILL_RIGHT, reason="Fine."
    )
    for attack in (update(decided, outcome="withdrawn"), delete(decided)):
        assert_refused(attack)
    with without_laws():
        run(update(decided, outcome="withdrawn"))


def test_list_of_relooks_asks_as_often_for_three_rows_as_for_one(
    client: Client, platform: FakePlatform
) -> None:
    client.force_login(cases.person(Role.COMPLIANCE))

    def queries() -> int:
        client.get(reverse("relooks"))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("relooks")).status_code == 200
        return len(captured)

    cases.relook(live(platform))
    one = queries()
    cases.relook(live(platform)), cases.relook(live(platform))
    assert queries() == one <= 20
    page = client.get(reverse("publications"))
    assert "3 live replies to look at again" in page.content.decode()
    entries = {e.label: e.waiting for e in page.context["navigation"]}
    assert entries["Publications"] == 3


def test_reply_of_before_the_period_is_found_by_its_time(platform: FakePlatform) -> None:
    publication = live(platform)
    Publication.objects.filter(pk=publication.pk).update(
        posted_at=timezone.now() - timedelta(days=181)
    )
    sweep_evidence()
    assert Relook.objects.get().cause == "time"
    assert publication.state == PublicationState.LIVE
