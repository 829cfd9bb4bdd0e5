"""`manage.py load_demo`: two fictional communities, some threads, one person for each role.

Everything goes through the verbs that people use; running it again changes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from compliance.enums import Severity
from compliance.models import Finding
from engage import (
    drafting,
    intake,
    listening,
    no_replies,
    publications,
    publishing,
    screening,
    watching,
)
from engage.communities import add_community
from engage.demo.community import SandboxFounder
from engage.enums import ConnectorKind
from engage.models import Community, Draft, Post, Publication, Thread
from reviews import clearance, gates, safety, signposts, workflow
from reviews.enums import ReviewState, Role, SafetyOutcome, Seat, Verdict
from reviews.freshness import Proof
from reviews.models import Review, SafetyCase, Signpost, User
from reviews.people import add_person

PATIENCE = 60  # seconds: the running worker may be at the same work
STORY = Path(__file__).resolve().parents[2] / "demo" / "story.yaml"
# Printed at every start; the demo listens on 127.0.0.1 alone.
PASSWORD = "quiet-harbour-42"  # noqa: S105
SIGNERS = {Seat.COMPLIANCE: "ruth", Seat.LEGAL: "daniel"}


class Command(BaseCommand):
    help = "Loads the demo into this installation and into the sandbox community beside it."

    def handle(self, *args: Any, **options: Any) -> None:
        url, token = os.environ.get("SANDBOX_URL"), os.environ.get("SANDBOX_TOKEN")
        if not url or not token:
            raise CommandError("The demo needs SANDBOX_URL and SANDBOX_TOKEN; run ./scripts/demo.")
        story = yaml.safe_load(STORY.read_text(encoding="utf-8"))
        self._people(story["people"])
        self._signposts(story["signposts"])
        founder = SandboxFounder(url, token)
        new = self._communities(founder, story["communities"], url, token)
        first_posts = {}
        for thread in story["threads"]:
            if thread["community"] in new:
                at = timezone.now() - timedelta(days=thread["days_ago"], hours=3)
                first_posts[thread["title"]] = founder.open_thread(
                    thread["community"], thread["title"], thread["posts"], at
                )
        self._read()
        for thread in story["threads"]:
            if thread["title"] in first_posts and "reply" in thread:
                self._reply(founder, thread, first_posts[thread["title"]])
            if thread["title"] in first_posts and "no_reply" in thread:
                self._no_reply(thread, first_posts[thread["title"]])
        self._print_logins(story["people"])

    def _people(self, people: list[dict[str, str]]) -> None:
        for person in people:
            if not User.objects.filter(username=person["username"]).exists():
                rest = {k: v for k, v in person.items() if k != "role"}
                add_person(by=None, password=PASSWORD, roles=[Role(person["role"])], **rest)

    def _signposts(self, written: list[dict[str, Any]]) -> None:
        for signpost in written:
            if Signpost.objects.filter(title=signpost["title"]).exists():
                continue
            by = User.objects.get(username=signpost["written_by"])
            rest = {k: v for k, v in signpost.items() if k != "written_by"}
            waiting = signposts.write(by=by, **rest)
            for seat, username in SIGNERS.items():
                signposts.sign(
                    by=User.objects.get(username=username),
                    signpost_id=waiting.pk,
                    role=seat.role,
                    proof=Proof(PASSWORD),
                    seen=clearance.signpost_digest(waiting),
                )

    def _communities(
        self, founder: SandboxFounder, communities: list[dict[str, Any]], url: str, token: str
    ) -> set[str]:
        boards, new = founder.boards(), set()
        for community in communities:
            slug = community["slug"]
            if slug not in boards:
                founder.open_board(slug, community["name"], community["about"])
                new.add(slug)
            if not Community.objects.filter(slug=slug).exists():
                settings = {"base_url": url, "board": slug, "token": token, "author": "Dr_A_Osei"}
                add_community(
                    by="system", connector=ConnectorKind.SANDBOX, settings=settings, **community
                )
        return new

    def _read(self) -> None:
        for pk in Community.objects.filter(connector=ConnectorKind.SANDBOX).values_list(
            "pk", flat=True
        ):
            listening.poll(pk)
        _wait_for(_everything_screened, "the scan of the first posts")

    def _reply(self, founder: SandboxFounder, thread: dict[str, Any], post_id: str) -> None:
        reply, author = thread["reply"], User.objects.get(username="amara")
        draft = drafting.start(by=author, post_id=self._post(thread["community"], post_id).pk)
        drafting.save(by=author, draft_id=draft.pk, body=reply["body"])
        if reply["state"] == "draft":
            return
        self._look_at_signals(draft)
        review = self._submit(author, draft)
        if reply["state"] == "submitted":
            return
        ruth = User.objects.get(username="ruth")
        decisions = {"sent_back": workflow.send_back, "refused": workflow.refuse}
        if decide := decisions.get(reply["state"]):
            decide(by=ruth, review_id=review.pk, code=reply["code"], reason=reply["reason"])
            return
        self._dispose(review)
        self._sign(review, Seat.COMPLIANCE)
        if reply["state"] == "signed":
            return
        if reply["state"] == "suspended":
            founder.edit_as_moderator(post_id, reply["edited_text"])
            self._read()
        self._sign(review, Seat.LEGAL)
        self._publish(founder, review, reply)

    def _no_reply(self, thread: dict[str, Any], post_id: str) -> None:
        no_replies.decide(
            by=User.objects.get(username="amara"),
            post_id=self._post(thread["community"], post_id).pk,
            reason=thread["no_reply"]["why"],
            note=thread["no_reply"]["note"],
        )

    def _look_at_signals(self, draft: Draft) -> None:
        """The safety officer looks first: bleeding with a new IUD is a possible adverse event."""
        officer = User.objects.filter(role_grants__role=Role.SAFETY).earliest("date_joined")
        for case in SafetyCase.objects.filter(thread_id=draft.thread_id, disposed_at=None):
            safety.take(by=officer, case_id=case.pk)
            safety.dispose(
                by=officer,
                case_id=case.pk,
                outcome=SafetyOutcome.FORWARDED,
                reason="Expected and not serious; logged with the safety team.",
            )

    def _post(self, community: str, post_id: str) -> Post:
        found = Community.objects.get(slug=community)
        digest = intake.post_digest(found, post_id)
        return Post.objects.get(community=found, external_digest=digest)

    def _submit(self, author: User, draft: Draft) -> Review:
        version = drafting.newest_version(draft)
        findings = version.text.scan.findings.all() if version and version.text.scan else []
        answers = {
            f.pk: "This is general information for everybody who reads along."
            for f in findings
            if f.severity in gates.ANSWERED_BY_AUTHOR
        }
        return drafting.submit(by=author, draft_id=draft.pk, answers=answers)

    def _dispose(self, review: Review) -> None:
        daniel = User.objects.get(username="daniel")
        wanted = Finding.objects.filter(
            scan=review.scan, severity__in=(Severity.BLOCK, Severity.NEEDS_LEGAL)
        )
        for finding in wanted:
            workflow.dispose(
                by=daniel,
                review_id=review.pk,
                finding_id=finding.pk,
                verdict=Verdict.ACCEPTED,
                reason="General statement, in line with the current labels.",
            )

    def _sign(self, review: Review, seat: Seat) -> None:
        review.refresh_from_db()
        workflow.sign(
            by=User.objects.get(username=SIGNERS[seat]),
            review_id=review.pk,
            seat=seat,
            proof=Proof(PASSWORD),
            seen=clearance.seal_digest(review),
        )

    def _publish(self, founder: SandboxFounder, review: Review, reply: dict[str, Any]) -> None:
        publication = publishing.queue(review_id=review.pk)
        if publication is None:  # the running worker was quicker
            publication = review.publication
        publishing.drive(publication.pk)
        if reply["state"] == "suspended":
            suspended = Review.objects.filter(pk=review.pk, state=ReviewState.SUSPENDED)
            _wait_for(suspended.exists, "the stop of a reply whose thread moved")
            return
        landed = Publication.objects.filter(pk=publication.pk, reference__isnull=False)
        _wait_for(landed.exists, "the first replies")
        publication.refresh_from_db()
        watching.look(publication.pk)
        if reply["state"] == "drifted":
            reference = publications.reference_of(publication)["ref"]
            founder.edit_as_moderator(str(reference["post_id"]), reply["moderator_text"])
            watching.look(publication.pk)
        if reply["state"] == "withdrawn":
            workflow.withdraw(
                by=User.objects.get(username="amara"),
                review_id=review.pk,
                code=reply["code"],
                reason=reply["reason"],
            )

    def _print_logins(self, people: list[dict[str, str]]) -> None:
        self.stdout.write(f"\nSign in with one of these; the password is {PASSWORD}\n")
        for person in people:
            role = Role(person["role"]).label
            name = f"{person['first_name']} {person['last_name']}"
            self.stdout.write(f"  {person['username']:<10}{role:<22}{name}")


def _everything_screened() -> bool:
    while ids := screening.claim_due(screening.BATCH):
        screening.scan_inbound(ids)
    screening.triage()
    return all(screening.is_thread_screened(thread) for thread in Thread.objects.all())


def _wait_for(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise CommandError(f"{what} did not come within {PATIENCE} s; look into the logs.")
        time.sleep(0.2)
