"""Marking on the thread and review pages, and the page of the list: with scripts and without."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from compliance import vault
from compliance.models import Event, ListedWord, VaultText
from engage.models import Post
from reviews.enums import ProposalState, ReviewState, Role
from reviews.models import Correction, Proposal
from tests import cases
from tests.pages.places import IDENTIFYING, POST
from tests.pages.test_markup import Markup

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post() -> Post:
    return cases.post(POST)


def text_in(post: Post) -> VaultText:
    return post.revisions.get().text


def masked_in(post: Post) -> str:
    finding = text_in(post).scan.findings.filter(rule_id="PHI-NAME").latest("start")  # type: ignore[union-attr]  # scanned
    return str(finding.pk)


def test_forms_are_there_for_those_who_may(client: Client, post: Post) -> None:
    address = reverse("thread", args=[post.thread_id])
    for role, there in ((Role.SAFETY, True), (Role.CLINICIAN, False), (Role.AUDITOR, False)):
        client.force_login(cases.person(role))
        page = client.get(address).content.decode()
        assert ("An identifier was missed" in page) == there
        assert ("Something masked is no identifier" in page) == there
        assert IDENTIFYING not in page


def test_masked_identifier_is_chosen_by_what_stands_around_it(client: Client, post: Post) -> None:
    client.force_login(cases.person(Role.LEGAL))
    page = client.get(reverse("thread", args=[post.thread_id])).content.decode()
    assert 'My name is <span class="masked">Name 1</span> and I have been…' in page


def test_mark_without_scripts_leads_back_and_says_what_happened(client: Client, post: Post) -> None:
    client.force_login(cases.person(Role.LEGAL))
    back = reverse("thread", args=[post.thread_id])
    fields = {"finding": masked_in(post), "back": back, "everywhere": "1"}
    address = reverse("mark_false", args=[text_in(post).pk])
    answer = client.post(address, fields, follow=True)
    assert answer.redirect_chain == [(back, 302)]
    page = answer.content.decode()
    assert "Marked as no identifier. It stays masked in this text." in page
    assert "A second person decides" in page and IDENTIFYING not in page
    assert Proposal.objects.get().correction.verdict == "false"


def test_mark_with_scripts_puts_a_sentence_in_place_of_the_form(client: Client, post: Post) -> None:
    client.force_login(cases.person(Role.SAFETY))
    address = reverse("mark_missed", args=[text_in(post).pk])
    fields = {"words": "spotting", "kind": "OTHER"}
    page = client.post(address, fields, headers=HTMX).content.decode()
    assert "Marked as missed. It stays visible in this text." in page
    assert "<html" not in page and "second person" not in page and "spotting" not in page
    assert Correction.objects.get().verdict == "missed" and not Proposal.objects.exists()


@pytest.mark.parametrize("htmx", [True, False])
def test_refused_mark_keeps_what_was_typed(client: Client, post: Post, htmx: bool) -> None:
    client.force_login(cases.person(Role.COMPLIANCE))
    fields = {"words": 'no "such" words', "kind": "PLACE", "everywhere": "1", "back": "/threads/"}
    answer = client.post(
        reverse("mark_missed", args=[text_in(post).pk]), fields, headers=HTMX if htmx else {}
    )
    page = answer.content.decode()
    assert answer.status_code == (200 if htmx else 400)
    assert 'role="alert">These words don&#x27;t stand' in page
    assert 'value="no &quot;such&quot; words"' in page
    assert 'value="PLACE" selected' in page and 'value="1" checked' in page
    assert ("<html" in page) != htmx
    assert not Markup(page).faults


def test_refused_choice_says_why(client: Client, post: Post) -> None:
    client.force_login(cases.person(Role.COMPLIANCE))
    answer = client.post(reverse("mark_false", args=[text_in(post).pk]), {"finding": "none"})
    assert answer.status_code == 400 and "Choose which one" in answer.content.decode()


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "", "x:y"])
def test_mark_leads_to_no_other_place(client: Client, post: Post, back: str) -> None:
    client.force_login(cases.person(Role.COMPLIANCE))
    fields = {"words": "spotting", "kind": "OTHER", "back": back}
    answer = client.post(reverse("mark_missed", args=[text_in(post).pk]), fields)
    assert answer.status_code == 302 and answer["Location"] == "/"


def test_reply_is_corrected_on_the_review_page(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.LEGAL))
    back = reverse("review", args=[review.pk])
    assert "An identifier was missed" in client.get(back).content.decode()
    fields = {"words": "bleeding", "kind": "OTHER", "back": back}
    answer = client.post(reverse("mark_missed", args=[review.text_id]), fields, follow=True)
    assert answer.redirect_chain == [(back, 302)]
    assert "Marked as missed" in answer.content.decode()
    assert Correction.objects.get().text_id == review.text_id


def test_review_page_of_an_auditor_has_no_form(client: Client) -> None:
    review = cases.review_at(ReviewState.SUBMITTED)
    client.force_login(cases.person(Role.AUDITOR))
    page = client.get(reverse("review", args=[review.pk])).content.decode()
    assert "An identifier was missed" not in page


def test_words_are_shown_to_who_decides_and_not_to_who_proposed_them(client: Client) -> None:
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    proposal = cases.proposal("spotting", kind="NAME", by=officer)
    decide = reverse("approve", args=[proposal.pk])
    client.force_login(officer)
    own = client.get(reverse("corrections")).content.decode()
    assert "spotting" not in own and decide not in own and "Take it back" in own
    client.force_login(counsel)
    page = client.get(reverse("corrections")).content.decode()
    assert '<p class="quote words">spotting</p>' in page and decide in page
    assert "Always masked as “Name”" in page


def test_second_person_puts_words_on_the_list(client: Client) -> None:
    proposal = cases.proposal()
    client.force_login(cases.person(Role.LEGAL))
    answer = client.post(reverse("approve", args=[proposal.pk]), follow=True)
    assert "counts from the next scan on" in answer.content.decode()
    assert ListedWord.objects.get().pk == proposal.pk
    assert Event.objects.get(kind="word_listed").subject_id == str(proposal.pk)


def test_first_person_is_refused_on_the_page(client: Client) -> None:
    proposal = cases.proposal()
    client.force_login(proposal.correction.by)
    answer = client.post(reverse("approve", args=[proposal.pk]))
    assert answer.status_code == 403
    assert "somebody else must approve it" in answer.content.decode()


def test_refused_decision_keeps_its_reason(client: Client) -> None:
    proposal, entry = cases.proposal(), cases.listed_word()
    client.force_login(cases.person(Role.LEGAL))
    for name, about in (("decline", proposal.pk), ("retire", entry.pk)):
        answer = client.post(reverse(name, args=[about]), {"reason": "y" * 2001})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert page.count('class="refusal"') == 1 and "y" * 2001 in page


def test_decline_and_retire_say_what_happened(client: Client) -> None:
    proposal, entry = cases.proposal(), cases.listed_word()
    client.force_login(cases.person(Role.LEGAL))
    why = {"reason": "A common word."}
    declined = client.post(reverse("decline", args=[proposal.pk]), why, follow=True)
    assert "nothing goes on the list" in declined.content.decode()
    retired = client.post(reverse("retire", args=[entry.pk]), why, follow=True)
    page = retired.content.decode()
    assert "counts no more from the next scan on" in page and "The list is empty" in page
    assert Proposal.objects.get(pk=proposal.pk).state == ProposalState.DECLINED


def test_erased_words_can_only_be_declined(client: Client) -> None:
    proposal = cases.proposal()
    vault.destroy_key(proposal.correction.text.key, by="system")
    client.force_login(cases.person(Role.LEGAL))
    page = client.get(reverse("corrections")).content.decode()
    assert "Erased with its thread" in page
    assert reverse("approve", args=[proposal.pk]) not in page
    assert reverse("decline", args=[proposal.pk]) in page


def test_erased_thread_says_so_when_it_is_marked(client: Client, post: Post) -> None:
    vault.destroy_key(post.thread.key, by="system")
    client.force_login(cases.person(Role.LEGAL))
    assert client.get(reverse("thread", args=[post.thread_id])).status_code == 200
    fields = {"words": "spotting", "kind": "OTHER"}
    answer = client.post(reverse("mark_missed", args=[text_in(post).pk]), fields)
    assert answer.status_code == 410 and "erased" in answer.content.decode()


def test_navigation_counts_what_waits(client: Client) -> None:
    cases.proposal()
    client.force_login(cases.person(Role.SAFETY))
    entries = client.get(reverse("safety")).context["navigation"]
    assert {e.label: e.waiting for e in entries}["Corrections"] == 1
