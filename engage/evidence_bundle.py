"""Everything about one reply as a file that an outsider can check without us: what was asked and
written, found and decided, signed, sent and seen, and its history with proofs of inclusion."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from django.conf import settings

from compliance import vault
from compliance.ledger import checkpoints, log, merkle
from compliance.ledger.proofs import proof_of
from compliance.models import Checkpoint, Event, Leaf
from engage import citing, publications
from engage.models import Draft, FollowUp, Publication, Statement
from engage.views.sealed_words import said_in
from reviews.models import Review
from reviews.views.signed import as_file

VERIFIER = Path(__file__).with_name("verify_evidence.py")
READ_ME = """\
Evidence of one reply, taken out of Countersign.

publication.json  where it stands, and the request that was frozen before it was sent
reviews.json      each review: the text, what was sealed byte for byte (with the thread as it was,
                  the findings and the references), verdicts, signatures, digests
versions.json     each version of the draft
attempts.json     each sending, its outcome, and what people said of it
copies.json       what was seen in the community, whenever it had changed
incidents.json    what happened to it, and what came of that
ledger.jsonl      its history: each event, exactly as it was logged, with its place in the log
proofs/           that each of them is in the log, in the form c2sp.org/tlog-proof
checkpoint.txt    the signed head of the log that the proofs lead to
key.txt           the public key of that signature

`python verify.py` checks that every event is in the log that the checkpoint signs, and that each
signature in reviews.json is in that history. Compare key.txt and the checkpoint with those that you
were given before: whoever wrote all of it anew would need the key, and could not change checkpoints
that are kept elsewhere. Digests of texts are keyed, so that nobody can guess what was erased: that
they are those of the texts is checked by us ("checks"), and by whoever has the key.
"""


def bundle_of(publication: Publication) -> bytes:
    """The file (ZIP).

    Raises:
        TextErased: the thread was erased, so that there is nothing to show.
    """
    log.sequence()  # what happened a moment ago is in the log, too
    checkpoint = Checkpoint.objects.order_by("-id")[0]
    draft = publication.draft
    reviews = Review.objects.filter(case_id=draft.pk).order_by("submitted_at")
    files = {
        "README.txt": READ_ME,
        "verify.py": VERIFIER.read_text(),
        "publication.json": _json(_publication(publication)),
        "reviews.json": _json([as_file(review) for review in reviews]),
        "versions.json": _json(_versions(draft)),
        "attempts.json": _json(_attempts(publication)),
        "copies.json": _json(_copies(publication)),
        "incidents.json": _json(_incidents(publication)),
        **_history(draft, checkpoint),
        "checkpoint.txt": checkpoint.note,
        "key.txt": checkpoints.verifier_key(settings.LEDGER_ORIGIN, log.public_key()) + "\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def _publication(publication: Publication) -> dict[str, Any]:
    return {
        "publication": str(publication.pk),
        "case": str(publication.draft_id),
        "community": publication.community.name,
        "platform": publication.community.get_connector_display(),
        "state": publication.state,
        "queued_at": publication.queued_at.isoformat(),
        "posted_at": publication.posted_at.isoformat() if publication.posted_at else None,
        "address": publications.reference_of(publication).get("url", ""),
        "text_digest": publication.text_digest,
        "request": publications.request_of(publication),
        "corrects": str(publication.draft.corrects_id) if publication.draft.corrects_id else None,
    }


def _versions(draft: Draft) -> list[dict[str, Any]]:
    rows = draft.versions.select_related("author", "text__key", "references__key")
    return [
        {
            "number": row.number,
            "author": row.author.printed_name,
            "saved_at": row.saved_at.isoformat(),
            "text": vault.unseal(row.text),
            "text_digest": row.text.digest,
            "references": citing.references_of(row),
        }
        for row in rows.order_by("number")
    ]


def _attempts(publication: Publication) -> list[dict[str, Any]]:
    rows = publication.attempts.select_related("handed_to").order_by("number")
    return [
        {
            "number": row.number,
            "started_at": row.started_at.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "outcome": row.outcome,
            "reason": row.reason,
            "by_hand": row.handed_to.printed_name if row.handed_to else None,
            "statements": [_statement(said) for said in row.statements.select_related("by")],
        }
        for row in rows
    ]


def _statement(said: Statement) -> dict[str, Any]:
    return {
        "says": said.says,
        "by": said.by.printed_name,
        "at": said.at.isoformat(),
        "checked": said.checked,
        "note": said_in(said.note),
        "screenshot": said.screenshot,
    }


def _copies(publication: Publication) -> list[dict[str, Any]]:
    rows = publication.live_copies.select_related("text__key").order_by("seen_at")
    return [
        {
            "seen_at": row.seen_at.isoformat(),
            "state": row.state,
            "text": said_in(row.text),
            "is_what_was_signed": bool(row.text and row.text.digest == publication.text_digest),
        }
        for row in rows
    ]


def _incidents(publication: Publication) -> list[dict[str, Any]]:
    rows = publication.incidents.select_related("follow_up__closed_by", "follow_up__note__key")
    return [
        {
            "kind": row.kind,
            "opened_at": row.opened_at.isoformat(),
            "follow_up": _follow_up(getattr(row, "follow_up", None)),
        }
        for row in rows.order_by("opened_at")
    ]


def _follow_up(row: FollowUp | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "due_at": row.due_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "closed_by": row.closed_by.printed_name if row.closed_by else None,
        "outcome": row.outcome,
        "note": said_in(row.note),
    }


def _history(draft: Draft, checkpoint: Checkpoint) -> dict[str, str]:
    """Files: the events of the case as lines of JSON, and a proof of each."""
    events = Event.objects.filter(case_id=str(draft.pk), leaf__id__lte=checkpoint.pk)
    found = list(events.select_related("leaf").order_by("leaf__id"))
    log_ = Leaf.objects.filter(id__lte=checkpoint.pk).order_by("id")
    hashes = [bytes.fromhex(value) for value in log_.values_list("hash", flat=True)]
    places = [event.leaf.pk - 1 for event in found]
    lines = [
        json.dumps({"leaf": place, "event": log.canonical(event).decode()})
        for event, place in zip(found, places, strict=True)
    ]
    paths = zip(places, merkle.audit_paths(hashes, places), strict=True)
    return {
        "ledger.jsonl": "".join(f"{line}\n" for line in lines),
        **{f"proofs/{n}.tlog-proof": proof_of(n, path, checkpoint.note) for n, path in paths},
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
