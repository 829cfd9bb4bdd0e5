"""Writing, signing in advance and retiring signposts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import pytest

from compliance import scanners
from compliance.exceptions import BadInput, NotAllowed, Refusal, ScannerFailed
from compliance.findings import Hit, ScanContext
from compliance.models import Event
from compliance.rules import RuleSet
from engage import signposting
from engage.models import Draft, DraftVersion
from reviews import clearance, signposts
from reviews.enums import Role
from reviews.exceptions import NotFresh, WrongState
from reviews.freshness import Proof
from reviews.models import (
    Review,
    ReviewAuthor,
    RoleGrant,
    Signpost,
    SignpostSignature,
    User,
)
from reviews.permissions import PERMISSIONS, Permission
from tests import cases

pytestmark = pytest.mark.django_db
GOOD: dict[str, Any] = {
    "title": "Crisis line",
    "text": cases.SIGNPOST,
    "answers": ["SAFE-CRISIS"],
}


def written(**changes: Any) -> Signpost:
    return signposts.write(**{"by": cases.person(Role.SAFETY), **GOOD, **changes})


def test_write_keeps_exactly_the_text() -> None:
    signpost = written(text="  Call 988.\r\n\r\nAt any hour.\n", answers=["SAFE-URGENT"] * 2)
    signpost.refresh_from_db()
    assert signpost.text == "Call 988.\n\nAt any hour."
    assert signpost.answers == ["SAFE-URGENT"]
    event = Event.objects.get(kind="signpost_written")
    assert event.subject_id == str(signpost.pk) and "988" not in str(event.facts)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": " "},
        {"text": "\n"},
        {"title": "x" * 101},
        {"text": "x" * 4001},
        {"answers": []},
        {"answers": ["SAFE-CRISIS", "PHI-NAME"]},
        {"answers": ["SAFE-NO-SIGNPOST"]},
        {"answers": ["nothing"]},
    ],
)
def test_write_of_something_improper_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        written(**changes)
    assert not Signpost.objects.exists()


VERBS: dict[str, tuple[Permission, Callable[[User], object]]] = {
    "write": (Permission.WRITE_SIGNPOSTS, lambda by: written(by=by)),
    "sign": (Permission.SIGN_SIGNPOSTS, lambda by: cases.sign_signpost(written(), _role(by), by)),
    "retire": (
        Permission.WRITE_SIGNPOSTS,
        lambda by: signposts.retire(by=by, signpost_id=cases.signpost().pk),
    ),
    "post": (Permission.POST_SIGNPOSTS, lambda by: cases.posted_signpost(by=by)),
}


def _role(by: User) -> Role:
    return next((r for r in (Role.COMPLIANCE, Role.LEGAL) if r in by.roles), Role.LEGAL)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", VERBS)
def test_verb_is_for_its_roles_alone(verb: str, role: Role) -> None:
    permission, act = VERBS[verb]
    by = cases.person(role)
    if role in PERMISSIONS[permission]:
        act(by)
    else:
        with pytest.raises(NotAllowed):
            act(by)


@pytest.mark.parametrize("verb", VERBS)
def test_verb_is_undone_when_the_ledger_fails(verb: str) -> None:
    by, answered = cases.person(Role.COMPLIANCE), cases.post(cases.CRISIS)
    signed, unsigned = cases.signpost(), written()
    acts: dict[str, Callable[[], object]] = {
        "write": lambda: written(by=by),
        "sign": lambda: cases.sign_signpost(unsigned, Role.COMPLIANCE, by),
        "retire": lambda: signposts.retire(by=by, signpost_id=signed.pk),
        "post": lambda: signposting.post(by=by, post_id=answered.pk, signpost_id=signed.pk),
    }
    before = everything()
    with patch("compliance.ledger.record", side_effect=RuntimeError), pytest.raises(RuntimeError):
        acts[verb]()
    assert everything() == before
    acts[verb]()
    assert everything() != before


def everything() -> list[object]:
    models = (Signpost, SignpostSignature, Draft, DraftVersion, Review, ReviewAuthor)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_sign_keeps_printed_name_time_meaning_and_digest() -> None:
    signpost = cases.signpost()
    digest = clearance.signpost_digest(signpost)
    for signature in signpost.signatures.all():
        assert signature.printed_name and signature.signed_at.tzinfo
        assert "approve it to be posted" in signature.meaning
        assert signature.digest == digest
    facts = [e.facts for e in Event.objects.filter(kind="signpost_signed")]
    assert [f["digest"] for f in facts] == [digest] * 2


def test_digest_covers_title_text_answers_and_community() -> None:
    signpost = Signpost(**GOOD)
    one = clearance.signpost_digest(signpost)
    for field, value in (
        ("title", "Other"),
        ("text", "Other"),
        ("answers", ["SAFE-URGENT"]),
        ("community_id", cases.community().pk),
    ):
        changed = Signpost(**GOOD)
        setattr(changed, field, value)
        assert clearance.signpost_digest(changed) != one, field
    changed = Signpost(**{**GOOD, "community_name": "a name is only shown"})
    assert clearance.signpost_digest(changed) == one


def test_sign_with_a_wrong_password_is_refused() -> None:
    signpost = written()
    with pytest.raises(NotFresh):
        signposts.sign(
            by=cases.person(Role.LEGAL),
            signpost_id=signpost.pk,
            role=Role.LEGAL,
            proof=Proof("guess"),
            seen=clearance.signpost_digest(signpost),
        )


def test_sign_of_something_that_was_not_seen_is_refused() -> None:
    with pytest.raises(WrongState, match="Read it again"):
        signposts.sign(
            by=cases.person(Role.LEGAL),
            signpost_id=written().pk,
            role=Role.LEGAL,
            proof=cases.PROOF,
            seen=clearance.signpost_digest(written(text="Call 911.")),
        )


def test_sign_by_its_writer_is_refused() -> None:
    officer = cases.person(Role.COMPLIANCE)
    with pytest.raises(NotAllowed, match="two others"):
        cases.sign_signpost(written(by=officer), Role.COMPLIANCE, officer)


def test_sign_twice_by_a_person_with_two_roles_is_refused() -> None:
    both, signpost = cases.person(Role.LEGAL), written()
    RoleGrant.objects.create(user=both, role=Role.COMPLIANCE)
    cases.sign_signpost(signpost, Role.COMPLIANCE, both)
    with pytest.raises(NotAllowed, match="signed this already"):
        cases.sign_signpost(signpost, Role.LEGAL, both)


def test_second_signature_in_the_same_role_is_refused() -> None:
    signpost = cases.signpost(Role.LEGAL)
    with pytest.raises(NotAllowed, match="is there already"):
        cases.sign_signpost(signpost, Role.LEGAL)


def test_sign_in_a_role_that_signs_nothing_is_refused() -> None:
    officer = cases.person(Role.SAFETY)
    RoleGrant.objects.create(user=officer, role=Role.LEGAL)
    with pytest.raises(NotAllowed, match="do not hold"):
        cases.sign_signpost(written(), Role.SAFETY, officer)


def test_sign_and_retire_after_the_retirement_are_refused() -> None:
    signpost, counsel = cases.signpost(Role.COMPLIANCE), cases.person(Role.LEGAL)
    signposts.retire(by=counsel, signpost_id=signpost.pk)
    for act in (
        lambda: cases.sign_signpost(signpost, Role.LEGAL),
        lambda: signposts.retire(by=counsel, signpost_id=signpost.pk),
    ):
        with pytest.raises(WrongState, match="retired"):
            act()


class BrokenScanner:
    """A scanner that raises."""

    name, version = "broken", "1"

    def scan(
        self, texts: Sequence[str], contexts: Sequence[ScanContext], rules: RuleSet
    ) -> list[list[Hit]]:
        raise ValueError


def test_sign_of_what_no_scanner_could_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    signpost = written()
    monkeypatch.setattr(scanners, "SCANNERS", (*scanners.SCANNERS, BrokenScanner()))
    with pytest.raises(ScannerFailed):
        cases.sign_signpost(signpost, Role.LEGAL)
    assert not signpost.signatures.exists()


def test_found_tells_when_the_wanted_number_is_missing() -> None:
    for text, missing in ((cases.SIGNPOST, False), ("We are sorry to read this.", True)):
        (hits,) = signposts.found([written(text=text)])
        assert ("SAFE-NO-SIGNPOST" in {h.rule_id for h in hits}) == missing


def test_usable_are_those_signed_twice_not_retired_and_for_the_community() -> None:
    here, elsewhere = cases.community(), cases.community()
    signed = cases.signpost()
    cases.signpost(Role.LEGAL)
    retired = cases.signpost()
    signposts.retire(by=cases.person(Role.LEGAL), signpost_id=retired.pk)
    own = written(community_id=here.pk, community_name=here.name)
    for role in (Role.COMPLIANCE, Role.LEGAL):
        cases.sign_signpost(own, role)
    assert [s.pk for s in signposts.usable(community_id=here.pk)] == [own.pk, signed.pk]
    assert [s.pk for s in signposts.usable(community_id=elsewhere.pk)] == [signed.pk]
    assert signposts.unsigned().count() == 1


def test_clear_without_the_second_signature_is_refused() -> None:
    half = cases.signpost(Role.LEGAL)
    with pytest.raises(Refusal, match="lacks a signature"):
        signposts.clear(
            by=cases.person(Role.SAFETY),
            signpost=half,
            case_id=half.pk,
            thread_id=half.pk,
            community_id=half.pk,
            community_name="",
            text=cases.post().revisions.get().text,
            packet=None,  # type: ignore[arg-type]  # it is refused before anybody looks
        )
