"""Law 7: source text is encrypted at rest with a data key for each thread, shown masked, revealed
with a right and a reason, and gone when the key is destroyed. The canaries in logs, Valkey, URLs,
error pages and e-mails are in tests/test_canaries.py, on the running product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from compliance import vault
from compliance.exceptions import BadInput, LegalHold, NotAllowed, TextErased
from compliance.models import DataKey, Event, VaultText
from engage import conversation, drafting, intake, no_replies, publishing, stops
from engage.models import Community, Thread
from reviews import corrections, examples, reveal, workflow
from reviews.enums import ReviewState, Role
from reviews.models import Reveal
from tests import cases
from tests.laws.attacks import assert_refused, delete, run, update, without_laws

pytestmark = pytest.mark.django_db
CANARY = "zanthoxylum"


def stored_values() -> str:
    """Every value of every row of every table, as text."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            for value in row:
                if isinstance(value, bytes | memoryview):
                    found.append(bytes(value).decode("latin-1"))
                else:
                    found.append(str(value))
    return "\n".join(found)


def corrections_with_canaries() -> None:
    """A canary as a listed word, and as every reason that people give about the list."""
    officer, counsel = cases.person(Role.COMPLIANCE), cases.person(Role.LEGAL)
    text = cases.post(f"Write to {CANARY}@northfield-mail.net.").revisions.get().text
    masked = next(f for f in text.scan.findings.all() if f.entity)
    (marked,) = corrections.mark_false(
        by=officer, text_id=text.pk, finding_id=masked.pk, everywhere=True
    )
    entry = corrections.approve(by=counsel, proposal_id=marked.proposal.pk)
    assert CANARY in vault.unseal(entry.value)
    corrections.retire(by=officer, entry_id=entry.pk, reason=CANARY)
    corrections.decline(by=counsel, proposal_id=cases.proposal().pk, reason=CANARY)
    examples.export(by=counsel, reason=CANARY)


def story_with_canaries() -> None:
    """The main job with a canary in everything that people write."""
    item = cases.item(
        f"My name is Keisha {CANARY}. I have been spotting, {CANARY}.",
        author=CANARY,
        post_id="4711",
        thread_url=f"https://community.example/{CANARY}",
        thread_title=f"Question {CANARY}",
    )
    post = intake.receive(cases.community(), [item], by="system")[0].post
    cases.scanned()
    author = cases.person(Role.CLINICIAN)
    corrections_with_canaries()
    draft = drafting.start(by=author, post_id=post.pk)
    drafting.save(
        by=author,
        draft_id=draft.pk,
        body=f"It often settles, {CANARY}.",
        references=f"A study of {CANARY}, https://{CANARY}.example/1",
    )
    version = drafting.newest_version(draft)
    assert version is not None and version.text.scan is not None
    why = dict.fromkeys(version.text.scan.findings.values_list("pk", flat=True), CANARY)
    review = drafting.submit(by=author, draft_id=draft.pk, answers=why)
    counsel = cases.person(Role.LEGAL)
    workflow.remark(by=counsel, review_id=review.pk, body=f"Why {CANARY}?")
    cases.dispose_all(review)
    cases.sign(review, Role.LEGAL, by=counsel)
    cases.sign(review, Role.COMPLIANCE)
    publishing.queue(review_id=review.pk)
    workflow.suspend(review_id=review.pk, why="answered_post_edited")
    cases.confirm(review, counsel)
    officer = cases.person(Role.COMPLIANCE)
    stopped = stops.stop(by=officer, community_id=None, reason=CANARY)
    stops.lift(by=officer, stop_id=stopped.pk, reason=CANARY)
    no_replies.decide(by=author, post_id=cases.post().pk, reason="other", note=CANARY)
    workflow.withdraw(by=author, review_id=review.pk, code="other", reason=CANARY)


def test_no_table_holds_what_people_wrote() -> None:
    story_with_canaries()
    assert CANARY not in stored_values()


def test_the_search_would_find_it() -> None:
    # The negative control: the same search finds a text that is not sealed.
    community = cases.community()
    Community.objects.filter(pk=community.pk).update(about=f"All about {CANARY}.")
    assert CANARY in stored_values()


def test_unseal_gives_back_what_was_sealed() -> None:
    key = vault.new_key()
    text = "Grüße, 你好 👩🏽‍⚕️\n" + CANARY
    assert vault.unseal(VaultText.objects.get(pk=vault.seal(key, text).pk)) == text


def test_unseal_of_a_text_moved_to_another_row_is_refused() -> None:
    key = vault.new_key()
    first, second = vault.seal(key, "one"), vault.seal(key, "two")
    second.ciphertext = first.ciphertext
    with pytest.raises(TextErased):
        vault.unseal(second)


def test_unseal_with_the_key_of_another_thread_is_refused() -> None:
    text = vault.seal(vault.new_key(), "one")
    text.key = vault.new_key()
    with pytest.raises(TextErased):
        vault.unseal(text)


def test_digests_of_the_same_text_differ_between_threads() -> None:
    assert vault.digest(vault.new_key(), "same") != vault.digest(vault.new_key(), "same")


def test_destroy_key_erases_every_text_of_the_thread() -> None:
    review = cases.review_at(ReviewState.CLEARED)
    key = review.packet.key
    vault.destroy_key(key, by="system")
    for text in VaultText.objects.select_related("key").filter(key=key):
        with pytest.raises(TextErased):
            vault.unseal(text)


def test_destroy_key_under_legal_hold_is_refused() -> None:
    key = vault.new_key()
    DataKey.objects.filter(pk=key.pk).update(legal_hold_since=timezone.now())
    with pytest.raises(LegalHold):
        vault.destroy_key(key, by="system")


def erased_under_hold() -> str:
    key = vault.new_key()
    DataKey.objects.filter(pk=key.pk).update(legal_hold_since=timezone.now())
    return update(key, wrapped=None, destroyed_at=timezone.now())


def key_overwritten_under_hold() -> str:
    key = vault.new_key()
    DataKey.objects.filter(pk=key.pk).update(legal_hold_since=timezone.now())
    return update(key, wrapped=b"noise")


def masked_by_the_scan_of_another_text() -> str:
    named = cases.post("My name is Keisha Brandt and I have a question.").revisions.get().text
    other = cases.post("Hello.").revisions.get().text
    return update(named, scan_id=other.scan_id)


def erased_key_brought_back() -> str:
    key = vault.new_key()
    vault.destroy_key(key, by="system")
    return update(key, wrapped=b"old")


def key_row_deleted() -> str:
    return delete(vault.new_key())


ATTACKS = [
    erased_under_hold,
    key_overwritten_under_hold,
    masked_by_the_scan_of_another_text,
    erased_key_brought_back,
    key_row_deleted,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_is_refused(attack: Callable[[], str]) -> None:
    assert_refused(attack())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_raw_sql_passes_without_the_triggers(attack: Callable[[], str]) -> None:
    statement = attack()
    with without_laws():
        run(statement)


def test_erased_thread_is_shown_as_erased() -> None:
    post = cases.post("My name is Keisha Brandt and I have a question.")
    vault.destroy_key(post.thread.key, by="system")
    thread = Thread.objects.select_related("key", "title__key").get(pk=post.thread_id)
    assert [s.text for s in conversation.show(thread)[0].segments] == ["Erased"]
    assert [s.text for s in conversation.title_segments(thread)] == ["Erased"]


def test_erased_thread_takes_nothing_more_and_stops_nobody() -> None:
    community, old, new = cases.community(), cases.item("Hello."), cases.item("Another thread.")
    post = intake.receive(community, [old], by="system")[0].post
    assert post is not None
    vault.destroy_key(post.thread.key, by="system")
    again = replace(old, text="Keisha Brandt")
    arrivals = [r.arrival.value for r in intake.receive(community, [again, new], by="system")]
    assert arrivals == ["erased", "created"]


def test_show_masks_the_name() -> None:
    post = cases.post("My name is Keisha Brandt and I have a question.")
    shown = conversation.show(post.thread)[0]
    assert "Keisha" not in "".join(segment.text for segment in shown.segments)
    assert any(segment.kind == "masked" for segment in shown.segments)


def revealable() -> dict[str, object]:
    text = cases.post("My name is Keisha Brandt and I have a question.").revisions.get().text
    finding = next(f for f in text.scan.findings.all() if f.entity)
    return {"text_id": text.pk, "finding_id": finding.pk}


def test_reveal_gives_one_identifier_and_records_it() -> None:
    where = revealable()
    counsel = cases.person(Role.LEGAL)
    assert "Keisha" in reveal.reveal(by=counsel, reason="She asked for it.", **where)  # type: ignore[arg-type]  # ids
    assert Reveal.objects.get().by == counsel
    event = Event.objects.get(kind="identifier_revealed")
    assert event.actor == counsel.actor and "Keisha" not in str(event.facts)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.AUDITOR, Role.ADMIN])
def test_reveal_without_the_right_is_refused(role: Role) -> None:
    with pytest.raises(NotAllowed):
        reveal.reveal(by=cases.person(role), reason="Curious.", **revealable())  # type: ignore[arg-type]  # ids


def test_reveal_without_a_reason_is_refused() -> None:
    with pytest.raises(BadInput):
        reveal.reveal(by=cases.person(Role.LEGAL), reason="  ", **revealable())  # type: ignore[arg-type]  # ids


def test_database_file_holds_no_text() -> None:
    if connection.vendor == "sqlite":
        return  # the in-memory test database has no file; test_canaries.py reads the real one
    with connection.cursor() as cursor:
        story_with_canaries()
        cursor.execute(
            "SELECT count(*) FROM compliance_vaulttext WHERE ciphertext LIKE %s",
            [f"%{CANARY}%".encode()],
        )
        assert cursor.fetchone() == (0,)


def test_handle_of_an_author_is_shown_as_that_author() -> None:
    community, thread = cases.community(), {"thread_id": "900", "thread_url": "https://c.example/9"}
    first = cases.item("Does it hurt? I am so nervous about it.", post_id="900", **thread)
    words = "@marigold it does not, ask @Blue_Heron7 about it, or look at u/Marigold's thread."
    reply = cases.item(words, post_id="901", author="wren", **thread)
    received = intake.receive(community, [first, reply], by="system")
    cases.scanned()
    post = received[0].post
    assert post is not None
    segments = conversation.show(post.thread)[1].segments
    labels = [segment.label for segment in segments if segment.kind == "masked"]
    assert labels == ["Author 1", "User name", "Author 1"]
