"""A rule profile in use: scans, replies and the replay on the history of its community."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from compliance import profiles, scanning
from compliance.exceptions import ScannerFailed
from compliance.rules import ApprovedClaim, Route, RuleProfile
from compliance.rules.profile import Phrase, Weight
from engage import drafting, intake, publishing, replaying
from engage.models import Community
from reviews import calibration, profile_changes, signposts
from reviews.enums import Role
from reviews.exceptions import WrongState
from reviews.models import ProfileChange, Replay
from tests import cases

pytestmark = pytest.mark.django_db

WATCHED = Phrase("spotting", "inbound", "needs_legal", "We follow it.", "Tell the study team.")
CLAIM = ApprovedClaim(cases.FLAGGED, "Label, 2026", "Ada Birch", "2199-01-01")


def arrive(here: Community, text: str) -> list[str]:
    """Ids of the house rules that fire in a new post."""
    post = intake.receive(here, [cases.item(text)], by="system")[0].post
    cases.scanned()
    findings = scanning.findings_of(post.revisions.get().text)
    return [f.rule_id for f in findings if f.rule_id.startswith("OWN-")]


def test_posts_are_scanned_under_the_profile_of_their_community() -> None:
    here, elsewhere = cases.community(), cases.community()
    cases.profile_version(RuleProfile(phrases=(WATCHED,)), here=here)
    intake.receive(here, [cases.item("Some spotting again.")], by="system")
    assert arrive(elsewhere, "Some spotting again.") == []  # both in one batch
    assert arrive(here, "More spotting now.") == [WATCHED.id]


def test_profile_counts_from_its_approval_on() -> None:
    here = cases.community()
    change = cases.profile_change(RuleProfile(phrases=(WATCHED,)), here=here)
    assert arrive(here, "Some spotting again.") == []
    assert change.replay.finished_at is not None


def test_disclosure_line_of_the_profile_is_added() -> None:
    post = cases.post()
    cases.profile_version(RuleProfile(disclosure_line="Only {author}."), here=post.community)
    clinician = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=clinician, post_id=post.pk)
    text = drafting.as_posted("It settles.", draft.thread, clinician)
    assert text == f"It settles.\n\nOnly {clinician.printed_name}."


def test_replay_counts_what_would_be_found_and_what_would_not() -> None:
    post = cases.post("Some spotting, and more spotting.")
    here = post.community
    writer = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=writer, post_id=post.pk)
    drafting.save(by=writer, draft_id=draft.pk, body=cases.FLAGGED)
    profile = RuleProfile(
        weights=(Weight("DISC-GENERAL", "block", "Why."),), phrases=(WATCHED,), claims=(CLAIM,)
    )
    result = cases.profile_change(profile, here=here).replay.result["rules"]
    assert result[WATCHED.id]["counts"]["more"] == 2
    assert result["CLM-PROVEN"]["counts"]["less"] == 1
    assert result[CLAIM.id]["counts"]["more"] == 1
    text, start, end = result[WATCHED.id]["samples"]["more"][0]
    assert text == str(post.revisions.get().text_id) and end - start == len("spotting")


def test_replay_tells_milder_from_stricter() -> None:
    post = cases.post()
    writer = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=writer, post_id=post.pk)
    drafting.save(by=writer, draft_id=draft.pk, body="Implants are better than pills.")
    for severity, kind in (("warn", "milder"), ("block", "stricter")):
        profile = RuleProfile(weights=(Weight("CLM-COMPARE", severity, "Why."),))
        change = cases.profile_change(profile, here=post.community)
        counts = change.replay.result["rules"]["CLM-COMPARE"]["counts"]
        assert counts == {"more": 0, "less": 0, "stricter": 0, "milder": 0, kind: 1}
        decline(change)


def decline(change: ProfileChange) -> None:
    profile_changes.decline(by=change.proposed_by, change_id=change.pk, reason="Taken back.")


def test_replay_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "BATCH", 2)
    here = cases.community()
    for number in range(3):
        arrive(here, f"Some spotting, {number}.")
    change = cases.profile_change(RuleProfile(phrases=(WATCHED,)), here=here, tried=False)
    replay = change.replay
    assert replaying.claim_due() == [replay.pk] and replaying.claim_due() == []
    assert replaying.step(replay.pk)
    stale = Replay.objects.get(pk=replay.pk)
    replaying.run(replay.pk)
    # A worker that slept over the same texts counts nothing twice.
    assert not replaying._keep(stale, [], dict(stale.result), 0)
    replay.refresh_from_db()
    assert replay.finished_at and replay.done == replay.total == 6  # three posts, three titles
    assert replay.result["rules"][WATCHED.id]["counts"]["more"] == 3


def test_second_change_waits_for_the_first() -> None:
    here = cases.community()
    cases.profile_change(here=here)
    with pytest.raises(WrongState, match="waits"):
        cases.profile_change(RuleProfile(phrases=(WATCHED,)), here=here)


def test_form_gives_back_what_holds(client: Client) -> None:
    here = cases.community()
    profile = replace(cases.STRICTER, phrases=(WATCHED,), claims=(CLAIM,), disclosure_line="Me.")
    cases.profile_version(profile, here=here)
    client.force_login(cases.person(Role.COMPLIANCE))
    page = client.get(f"/profiles/{here.slug}/change/").content.decode()
    for shown in ("Two complaints this year.", "spotting", cases.FLAGGED, ">Me.<"):
        assert shown in page


def test_form_takes_who_signs_and_gives_it_back(client: Client) -> None:
    here = cases.community()
    for role in (Role.MEDICAL, Role.LEGAL, Role.LEGAL):
        cases.person(role)
    client.force_login(cases.person(Role.COMPLIANCE))
    address = f"/profiles/{here.slug}/change/"
    typed = {
        "phrase-0-words": "spotting", "phrase-0-direction": "both", "phrase-0-severity": "warn",
        "phrase-0-why": "We follow it.", "phrase-0-advice": "Tell the team.", "line_is": "shipped",
        "based_on": "0", "why": "Agreed.", "order": "legal_first", "medical-CLM-DOSE": "on",
        f"medical-{WATCHED.id}": "on", "second_legal-block": "on",
    }  # fmt: skip
    more = client.post(address, {**typed, "rows": "1"}).content.decode()
    for name in ("medical-CLM-DOSE", f"medical-{WATCHED.id}", "second_legal-block"):
        assert f'name="{name}" checked' in more
    assert 'value="legal_first" checked' in more and "Claims: 1 chosen" in more
    change = client.post(address, typed, follow=True).content.decode()
    assert f"replies with CLM-DOSE, {WATCHED.id}" in change
    assert "replies with findings \u201cBlocking\u201d" in change
    route = RuleProfile.from_content(ProfileChange.objects.get().content).route
    assert route == Route("legal_first", ("CLM-DOSE", WATCHED.id), ("block",))
    cases.profile_version(RuleProfile(route=Route("compliance_first")), here=cases.community())
    assert "its own way of signing" in client.get("/profiles/").content.decode()


def test_change_is_proposed_and_approved_in_the_pages(client: Client) -> None:
    post = cases.post("My name is Keisha Brandt and I have been spotting.")
    here = post.community
    client.force_login(cases.person(Role.COMPLIANCE))
    typed = {
        "phrase-0-words": "spotting", "phrase-0-direction": "inbound", "phrase-0-severity": "warn",
        "phrase-0-why": "We follow it.", "phrase-0-advice": "Tell the team.", "line_is": "shipped",
        "based_on": "0",
    }  # fmt: skip
    refused = client.post(f"/profiles/{here.slug}/change/", typed)
    assert refused.status_code == 400 and "We follow it." in refused.content.decode()
    sent = client.post(f"/profiles/{here.slug}/change/", {**typed, "why": "Agreed."})
    change = ProfileChange.objects.get()
    assert sent.status_code == 302 and str(change.pk) in sent["Location"]
    waiting = client.get(sent["Location"]).content.decode()
    assert "<progress" in waiting and "another compliance officer decides" in waiting
    replaying.run(change.replay.pk)
    client.force_login(cases.person(Role.COMPLIANCE))
    page = client.get(sent["Location"]).content.decode()
    assert "I have been spotting" in page and "Keisha" not in page
    done = client.post(f"/profiles/changes/{change.pk}/approve/", {"seen": change.digest})
    assert done.status_code == 302
    change.refresh_from_db()
    assert change.state == "approved"
    assert "in force since" in client.get(f"/profiles/{here.slug}/").content.decode()


def test_replay_begins_anew_until_everything_could_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = cases.community()
    arrive(here, "Some spotting again.")
    change = cases.profile_change(RuleProfile(phrases=(WATCHED,)), here=here, tried=False)

    def broken(*args: object) -> None:
        raise ScannerFailed("claims")

    with monkeypatch.context() as patch:
        patch.setattr(scanning, "found_under", broken)
        replaying.run(change.replay.pk)
    assert not Replay.objects.get(pk=change.replay.pk).finished_at
    replaying.run(change.replay.pk)
    assert Replay.objects.get(pk=change.replay.pk).finished_at


def test_replay_tries_a_new_disclosure_line() -> None:
    post = cases.post()
    writer = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=writer, post_id=post.pk)
    drafting.save(by=writer, draft_id=draft.pk, body=cases.CLEAN)
    line = "This cures endometriosis for good."
    change = cases.profile_change(RuleProfile(disclosure_line=line), here=post.community)
    assert change.replay.result["rules"]["CLM-CURE"]["counts"]["more"] == 1


def test_scheduled_profile_waits_for_its_day_and_can_be_taken_back() -> None:
    here, later = cases.community(), timezone.now() + timedelta(days=9)
    cases.profile_version(RuleProfile(phrases=(WATCHED,)), here=here, active_from=later)
    assert arrive(here, "Some spotting again.") == []
    cases.profile_version(RuleProfile(), here=here)
    assert profiles.newest(here.pk) == profiles.active(here.pk)


def test_change_from_a_stale_form_is_refused() -> None:
    here = cases.community()
    cases.profile_version(RuleProfile(phrases=(WATCHED,)), here=here)
    with pytest.raises(WrongState, match="while you wrote"):
        profile_changes.propose(
            by=cases.person(Role.COMPLIANCE),
            community_id=here.pk,
            community_name=here.name,
            profile=cases.STRICTER,
            based_on=0,
            active_from=None,
            why="Agreed.",
        )


def test_samples_show_no_draft_that_nobody_submitted(client: Client) -> None:
    post = cases.post()
    writer = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=writer, post_id=post.pk)
    drafting.save(by=writer, draft_id=draft.pk, body="A wonder drug, truly.")
    phrase = replace(WATCHED, words="wonder drug", direction="outbound")
    change = cases.profile_change(RuleProfile(phrases=(phrase,)), here=post.community)
    client.force_login(cases.person(Role.COMPLIANCE))
    page = client.get(f"/profiles/changes/{change.pk}/").content.decode()
    assert "found in addition" in page and "truly" not in page


def test_reply_that_new_rules_block_is_not_posted() -> None:
    publication = cases.queued_publication()
    phrase = replace(WATCHED, words="irregular bleeding", direction="outbound", severity="block")
    cases.profile_version(RuleProfile(phrases=(phrase,)), here=publication.community)
    publishing.send(publication.pk)
    publication.review.refresh_from_db()
    assert publication.review.state == "suspended" and not publication.attempts.exists()


def test_house_rule_is_part_of_how_the_rules_do() -> None:
    post = cases.post()
    phrase = replace(WATCHED, words="often settles", direction="outbound", severity="info")
    cases.profile_version(RuleProfile(phrases=(phrase,)), here=post.community)
    writer = cases.person(Role.CLINICIAN)
    draft = drafting.start(by=writer, post_id=post.pk)
    drafting.save(by=writer, draft_id=draft.pk, body=cases.CLEAN)
    drafting.submit(by=writer, draft_id=draft.pk, answers={})
    (record,) = [
        r for r in calibration.records(by=cases.person(Role.AUDITOR)) if r.rule.id == phrase.id
    ]
    assert record.found == 1


def test_signers_of_a_signpost_see_the_house_rules_of_its_community(client: Client) -> None:
    here = cases.community()
    phrase = replace(WATCHED, words="call 988", direction="outbound")
    cases.profile_version(RuleProfile(phrases=(phrase,)), here=here)
    signposts.write(
        by=cases.person(Role.SAFETY),
        title="Crisis line",
        text="Please call 988 now.",
        answers=["SAFE-CRISIS"],
        community_id=here.pk,
        community_name=here.name,
    )
    client.force_login(cases.person(Role.LEGAL))
    assert "House rule" in client.get("/signposts/").content.decode()
