"""What was signed, shown again from what was sealed then, and compared with what was signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from compliance import vault
from compliance.masking import Pseudonyms
from reviews import clearance, permissions, workflow
from reviews.models import FurtherSignOff, Review, SignOff, SignpostSignature, User
from reviews.packet import Packet, packet_of
from reviews.permissions import Permission
from reviews.views.judged import judged
from reviews.views.review import review_of
from reviews.views.showing import reply_segments, shown_segments


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is worked out anew and compared with what was kept."""

    what: str
    kept: str
    now: str

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.kept == self.now


def checks_of(review: Review) -> list[Check]:
    """The text, the packet and what each signature is over, worked out from what is sealed."""
    stored = vault.unseal(review.packet)
    key, packet = review.packet.key, Packet.loads(stored)
    checks = [
        Check("The text to be posted", review.text_digest, vault.digest(key, packet.text)),
        Check("The packet: text, thread, findings, references", review.packet.digest,
              vault.digest(key, stored)),
    ]  # fmt: skip
    signpost, seal = review.signpost, clearance.seal_digest(review)
    over = clearance.signpost_digest(signpost) if signpost else seal
    for signature in review.signatures:
        what = f"Signature of {signature.printed_name}"
        checks.append(Check(what, signature.digest, over))
    return checks


@require_GET
def show(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The text letter by letter, what goes with it, and whether all of it is what was signed."""
    user, review = cast(User, request.user), review_of(review_id)
    permissions.check_may_read(user, review)
    packet, names = packet_of(review), Pseudonyms()
    checks = checks_of(review)
    context = {
        "review": review,
        "packet": packet,
        "title": shown_segments(packet.title, packet.title_marks, names),
        "reply": reply_segments(review, packet, names),
        "judged": judged(review, packet),
        "signatures": review.signatures,
        "checks": checks,
        "broken": [check for check in checks if not check.holds],
        "can_take_out": permissions.can_may(user, Permission.REVEAL),
    }
    return render(request, "reviews/signed.html", context)


@require_POST
def take_out(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The same as a file, with nothing masked, for those who may reveal and say why."""
    user, review = cast(User, request.user), review_of(review_id)
    permissions.check_may_read(user, review)
    workflow.note_export(by=user, review_id=review_id, reason=request.POST.get("reason", ""))
    answer = HttpResponse(
        json.dumps(as_file(review), indent=1, ensure_ascii=False), content_type="application/json"
    )
    answer["Content-Disposition"] = f'attachment; filename="signed-{review.pk}.json"'
    return answer


def as_file(review: Review) -> dict[str, Any]:
    """What was signed, with its signatures. `packet` is what was sealed, byte for byte."""
    packet = packet_of(review)
    return {
        "review": str(review.pk),
        "case": str(review.case_id),
        "state": review.state,
        "signpost": str(review.signpost_id) if review.signpost_id else None,
        "text": packet.text,
        "text_digest": review.text_digest,
        "packet": vault.unseal(review.packet),
        "packet_digest": review.packet.digest,
        "rule_set": packet.rule_set,
        "engine": packet.engine,
        "findings": [
            {
                "rule": one.finding.rule.id,
                "severity": one.finding.severity.value,
                "start": one.finding.start,
                "end": one.finding.end,
                "answer": one.answer,
                "verdict": one.disposition.verdict if one.disposition else None,
                "by": one.disposition.by.printed_name if one.disposition else None,
                "reason": one.reason,
            }
            for one in judged(review, packet)
        ],
        "signatures": [_signature(signature) for signature in review.signatures],
        "checks": [
            {"what": check.what, "kept": check.kept, "now": check.now, "holds": check.holds}
            for check in checks_of(review)
        ],
    }


def _signature(signature: SignOff | FurtherSignOff | SignpostSignature) -> dict[str, Any]:
    return {
        "printed_name": signature.printed_name,
        "role": signature.role,
        "meaning": signature.meaning,
        "signed_at": signature.signed_at.isoformat(),
        "digest": signature.digest,
        "proof": signature.proof,
    }
