"""Learning from use: marking, proposing, deciding, and what is exported for retraining."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance import vault
from compliance.exceptions import BadInput, NotAllowed, NotScanned, Refusal, TextErased
from compliance.masking import LABELS
from compliance.models import Event, Finding, ListedWord, VaultText
from compliance.scanners.identifiers import choice
from reviews import corrections, examples
from reviews.enums import Mistake, ProposalState, Role
from reviews.exceptions import WrongState
from reviews.models import Correction, Proposal, User
from reviews.permissions import PERMISSIONS, Permission
from tests import cases

pytestmark = pytest.mark.django_db

MAIL = "copperwren@northfield-mail.net"
TEXT = f"Spotting, then more spotting. Write to {MAIL}, I mean {MAIL.upper()}."


def text_of(words: str = TEXT) -> VaultText:
    return cases.post(words).revisions.get().text


def identifiers(text: VaultText) -> list[Finding]:
    assert text.scan is not None
    return [f for f in text.scan.findings.all() if f.entity]


def miss(text: VaultText, words: str = "spotting", by: User | None = None, **changes: Any) -> Any:
    values = {"words": words, "kind": "OTHER", "everywhere": False, **changes}
    return corrections.mark_missed(
        by=by or cases.person(Role.COMPLIANCE), text_id=text.pk, **values
    )


def false(text: VaultText, finding: Finding, **changes: Any) -> list[Correction]:
    by = cases.person(Role.SAFETY)
    values = {"everywhere": False, **changes}
    return corrections.mark_false(by=by, text_id=text.pk, finding_id=finding.pk, **values)


def places(marked: list[Correction]) -> list[str]:
    return [TEXT[c.start : c.end] for c in marked]


def test_missed_words_are_marked_wherever_they_stand_whole() -> None:
    text = text_of("Spot, spotting: bespotting, spotting\n more.")
    marked = miss(text)
    assert [(c.start, c.end) for c in marked] == [(6, 14), (28, 36)]
    assert {c.verdict for c in marked} == {Mistake.MISSED}
    assert not Proposal.objects.exists()


def test_gap_in_the_words_may_be_a_line_break() -> None:
    text = text_of("Since then I keep\nspotting, and that is all.")
    (marked,) = miss(text, "keep spotting")
    assert (marked.start, marked.end) == (13, 26)


def test_false_identifier_is_marked_in_all_its_places() -> None:
    text = text_of()
    marked = false(text, identifiers(text)[1])
    assert places(marked) == [MAIL, MAIL.upper()]
    assert {(c.verdict, c.kind) for c in marked} == {(Mistake.FALSE, "EMAIL")}


def test_marking_leaves_the_scan_as_it_was() -> None:
    text = text_of()
    before = text.scan_id, len(identifiers(text))
    false(text, identifiers(text)[0], everywhere=True)
    miss(text, everywhere=True)
    text.refresh_from_db()
    assert (text.scan_id, len(identifiers(text))) == before


def test_mark_is_in_the_ledger_by_ids_alone() -> None:
    text, by = text_of(), cases.person(Role.LEGAL)
    marked = miss(text, by=by, everywhere=True)
    event = Event.objects.get(kind="identifier_corrected")
    assert (event.actor, event.subject_id) == (by.actor, str(text.pk))
    assert event.facts == {
        "verdict": "missed",
        "entity": "OTHER",
        "corrections": [str(c.pk) for c in marked],
        "finding": None,
        "proposal": str(marked[0].proposal.pk),
    }


@pytest.mark.parametrize(
    ("words", "changes", "sentence"),
    [
        ("", {}, "Copy the missed words"),
        ("   ", {}, "Copy the missed words"),
        ("x" * 301, {}, "up to 300"),
        ("spott", {}, "visible part"),
        ("SPOTTING", {}, "visible part"),
        (MAIL, {}, "visible part"),
        ("spotting", {"kind": "FRIEND"}, "what kind"),
        ("spotting", {"kind": ""}, "what kind"),
        (",", {"everywhere": True}, "Only words of"),
        ("x" * 101, {"everywhere": True}, "Only words of"),
    ],
)
def test_missed_words_that_can_not_be_marked_are_refused(
    words: str, changes: dict[str, Any], sentence: str
) -> None:
    text = text_of()
    with pytest.raises(BadInput, match=sentence):
        miss(text, words, **changes)
    assert not Correction.objects.exists()


def test_refusal_does_not_tell_whether_words_stand_behind_a_mask() -> None:
    text, said = text_of(), []
    for words in (MAIL, "somebody@example.org"):
        with pytest.raises(BadInput) as refusal:
            miss(text, words)
        said.append(str(refusal.value))
    assert said[0] == said[1]


def test_second_mark_of_the_same_place_is_refused() -> None:
    text = text_of()
    miss(text)
    false(text, identifiers(text)[0])
    with pytest.raises(BadInput, match="already"):
        miss(text, kind="NAME")
    with pytest.raises(BadInput, match="already"):
        false(text, identifiers(text)[1])


def test_finding_of_another_text_is_refused() -> None:
    text, other = text_of(), text_of("Call 202-555-0143 today.")
    with pytest.raises(BadInput, match="Reload"):
        false(text, identifiers(other)[0])


def test_finding_that_is_no_identifier_is_refused() -> None:
    text = text_of("I can't do another day of this, nobody would miss me.")
    assert text.scan is not None
    finding = text.scan.findings.filter(entity="")[0]
    with pytest.raises(BadInput, match="Reload"):
        false(text, finding)


def test_text_without_a_scan_is_refused() -> None:
    text = cases.spare_text(vault.new_key())
    with pytest.raises(NotScanned):
        miss(text, "spare")


def test_erased_text_is_refused() -> None:
    text = text_of()
    finding = identifiers(text)[0]
    vault.destroy_key(text.key, by="system")
    with pytest.raises(TextErased):
        miss(text)
    with pytest.raises(TextErased):
        false(text, finding)


@pytest.mark.parametrize("role", sorted(set(Role) - PERMISSIONS[Permission.CORRECT]))
def test_marking_without_the_right_is_refused(role: Role) -> None:
    text, by = text_of(), cases.person(role)
    with pytest.raises(NotAllowed):
        miss(text, by=by)
    with pytest.raises(NotAllowed):
        corrections.mark_false(
            by=by, text_id=text.pk, finding_id=identifiers(text)[0].pk, everywhere=False
        )


def approve(proposal: Proposal, by: User) -> object:
    return corrections.approve(by=by, proposal_id=proposal.pk)


def decline(proposal: Proposal, by: User) -> object:
    return corrections.decline(by=by, proposal_id=proposal.pk, reason="It is a common word.")


def proposal_at(state: ProposalState) -> Proposal:
    proposal = cases.proposal()
    if state != ProposalState.WAITING:
        verb = approve if state == ProposalState.APPROVED else decline
        verb(proposal, cases.person(Role.LEGAL))
    return Proposal.objects.get(pk=proposal.pk)


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("state", ProposalState)
@pytest.mark.parametrize(
    ("verb", "leads_to"), [(approve, ProposalState.APPROVED), (decline, ProposalState.DECLINED)]
)
def test_transition_of_a_proposal(
    verb: Callable[[Proposal, User], object],
    leads_to: ProposalState,
    state: ProposalState,
    role: Role | None,
) -> None:
    # No role stands for who proposed it: they may take it back, and never approve it.
    proposal = proposal_at(state)
    by = cases.person(role) if role else proposal.correction.by
    may = role in PERMISSIONS[Permission.CORRECT] if role else verb is decline
    if may and state == ProposalState.WAITING:
        verb(proposal, by)
        proposal.refresh_from_db()
        assert (proposal.state, proposal.decided_by) == (leads_to, by)
    else:
        with pytest.raises(Refusal):
            verb(proposal, by)
        assert Proposal.objects.get(pk=proposal.pk).state == state
    assert ListedWord.objects.count() == Proposal.objects.filter(state="approved").count()


def test_false_identifier_is_listed_as_nobodys() -> None:
    text = text_of()
    marked = false(text, identifiers(text)[0], everywhere=True)
    entry = corrections.approve(by=cases.person(Role.LEGAL), proposal_id=marked[0].proposal.pk)
    assert (entry.effect, entry.kind, vault.unseal(entry.value)) == ("allow", "", MAIL)
    assert identifiers(text_of(f"Write to {MAIL} today.")) == []


def test_approval_of_erased_words_is_refused_and_they_can_be_declined() -> None:
    proposal = cases.proposal()
    vault.destroy_key(proposal.correction.text.key, by="system")
    with pytest.raises(TextErased):
        approve(proposal, cases.person(Role.LEGAL))
    decline(proposal, cases.person(Role.LEGAL))


def test_listed_words_outlive_the_thread_under_a_key_of_their_own() -> None:
    proposal = cases.proposal("spotting")
    entry = corrections.approve(by=cases.person(Role.LEGAL), proposal_id=proposal.pk)
    vault.destroy_key(proposal.correction.text.key, by="system")
    assert vault.unseal(ListedWord.objects.get(pk=entry.pk).value) == "spotting"
    vault.destroy_key(proposal.key, by="system")
    with pytest.raises(TextErased):
        vault.unseal(ListedWord.objects.get(pk=entry.pk).value)


def test_words_on_the_list_are_not_listed_again() -> None:
    second = cases.proposal("spotting")
    cases.listed_word("spotting")
    with pytest.raises(BadInput, match="already"):
        approve(second, cases.person(Role.LEGAL))
    assert Proposal.objects.get(pk=second.pk).state == ProposalState.WAITING


def test_words_on_the_other_list_are_refused() -> None:
    cases.listed_word("spotting", kind="HANDLE")
    cases.listed_word("weeks", kind="DATE")
    text = text_of("I have been spotting for weeks.")
    for finding in identifiers(text):
        (marked,) = false(text, finding, everywhere=True)
        with pytest.raises(BadInput, match="opposite"):
            approve(marked.proposal, cases.person(Role.LEGAL))
    assert not ListedWord.objects.filter(effect="allow").exists()


def test_the_same_words_are_listed_as_two_kinds() -> None:
    first, second = (cases.proposal("spotting", kind) for kind in ("NAME", "HANDLE"))
    approve(first, cases.person(Role.LEGAL))
    approve(second, cases.person(Role.LEGAL))
    assert set(ListedWord.objects.values_list("kind", flat=True)) == {"NAME", "HANDLE"}


def test_retire_twice_is_refused() -> None:
    entry, by = cases.listed_word(), cases.person(Role.LEGAL)
    corrections.retire(by=by, entry_id=entry.pk, reason="A word.")
    with pytest.raises(BadInput, match="already"):
        corrections.retire(by=by, entry_id=entry.pk, reason="A word.")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_decision_without_a_proper_reason_is_refused(reason: str) -> None:
    by, entry, proposal = cases.person(Role.LEGAL), cases.listed_word(), cases.proposal()
    with pytest.raises(BadInput):
        corrections.retire(by=by, entry_id=entry.pk, reason=reason)
    with pytest.raises(BadInput):
        corrections.decline(by=by, proposal_id=proposal.pk, reason=reason)
    with pytest.raises(BadInput):
        examples.export(by=by, reason=reason)


@pytest.mark.parametrize("role", sorted(set(Role) - PERMISSIONS[Permission.CORRECT]))
def test_retire_and_export_without_the_right_are_refused(role: Role) -> None:
    entry, by = cases.listed_word(), cases.person(role)
    with pytest.raises(NotAllowed):
        corrections.retire(by=by, entry_id=entry.pk, reason="A word.")
    with pytest.raises(NotAllowed):
        examples.export(by=by, reason="To train.")


def test_export_holds_what_was_found_without_false_and_with_missed_ones() -> None:
    words = f"Call 202-555-0143 or write to {MAIL}, she keeps spotting."
    text = text_of(words)
    by_kind = {f.entity: f for f in identifiers(text)}
    false(text, by_kind["EMAIL"])
    miss(text, kind="PLACE")
    text_of("Nobody corrected this: 202-555-0199.")
    exported = examples.export(by=cases.person(Role.LEGAL), reason="To train.")
    (example,) = exported.examples
    found = [(words[start:end], kind) for start, end, kind in example.spans]
    assert (example.text, exported.erased) == (words, 0)
    assert found == [("202-555-0143", "PHONE"), ("spotting", "LOCATION")]


def test_export_leaves_out_and_counts_what_was_erased() -> None:
    kept, gone = text_of(), text_of()
    for text in (kept, gone):
        miss(text)
    vault.destroy_key(gone.key, by="system")
    exported = examples.export(by=cases.person(Role.LEGAL), reason="To train.")
    assert ([e.text for e in exported.examples], exported.erased) == ([TEXT], 1)
    event = Event.objects.get(kind="examples_exported")
    assert event.facts == {"examples": 1, "erased": 1}
    reason = VaultText.objects.select_related("key").get(pk=event.subject_id)
    assert vault.unseal(reason) == "To train."


def test_exported_types_are_those_that_the_model_learns() -> None:
    config = json.loads((choice.SHIPPED / "config.json").read_text())
    learned = {label.partition("-")[2] for label in config["labels"]}
    assert set(examples.TYPES.values()) <= learned
    assert set(LABELS) - set(examples.TYPES) == {"IMAGE", "OTHER"}


def export(file: Path, by: str, reason: str = "To train.") -> None:
    call_command("export_examples", str(file), "--by", by, "--reason", reason)


def test_command_writes_a_file_for_its_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    miss(text_of("½ pill and I keep spotting."), kind="NAME")
    gone = text_of()
    miss(gone)
    vault.destroy_key(gone.key, by="system")
    file = tmp_path / "examples.jsonl"
    export(file, cases.person(Role.LEGAL).username)
    assert file.stat().st_mode & 0o777 == 0o600
    (row,) = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert row == {
        "text": "½ pill and I keep spotting.",
        "spans": [[18, 26, "NAME"]],
        "src": "corrections",
    }
    said = capsys.readouterr().out
    assert str(file) in said and "1 corrected text" in said and "identifiers" in said
    assert "spotting" not in said


def test_command_that_is_refused_leaves_no_file_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    with pytest.raises(CommandError, match="no person"):
        export(file, "nobody")
    with pytest.raises(CommandError, match="may not"):
        export(file, cases.person(Role.CLINICIAN).username)
    with pytest.raises(CommandError, match="reason"):
        export(file, cases.person(Role.LEGAL).username, reason=" ")
    assert not file.exists()


def test_command_takes_no_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text("Something else.")
    with pytest.raises(CommandError, match="exists"):
        export(file, cases.person(Role.LEGAL).username)
    assert file.read_text() == "Something else."
    assert not Event.objects.filter(kind="examples_exported").exists()


def test_decided_proposal_says_so() -> None:
    proposal = proposal_at(ProposalState.DECLINED)
    with pytest.raises(WrongState, match="already"):
        approve(proposal, cases.person(Role.SAFETY))
