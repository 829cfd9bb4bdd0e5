"""The API for pushing posts and for confirming. Each method makes one call to a verb."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.exceptions import BadInput, NotAllowed
from engage import confirming, pushing, signed_push
from engage.movement import Changed
from reviews import permissions
from reviews.api.showing import masked_words
from reviews.api.views import ProofFields, VerbView
from reviews.exceptions import WrongState
from reviews.models import User
from reviews.views.review import review_of

LARGEST_BATCH = 1_000


class PostsView(APIView):
    """`POST /api/v1/posts/`: one post as an object, or a batch as a list."""

    def post(self, request: Request) -> Response:
        """Takes posts; idempotent on community and post id.

        Answers 200 with one outcome a row, or 400 with the reason if a single post was refused.
        """
        user = cast(User, request.user)  # a token or a session is required
        permissions.check_may(user, permissions.Permission.PUSH_POSTS)
        batch = request.data
        if isinstance(batch, dict):
            outcome = pushing.take_rows([(0, batch)], by=user.actor)[0]
            return Response(asdict(outcome), status=400 if outcome.reason else 200)
        if not isinstance(batch, list):
            raise BadInput("Send a post as a JSON object, or a list of posts.")
        if len(batch) > LARGEST_BATCH:
            raise BadInput(f"Send at most {LARGEST_BATCH} posts at a time.")
        outcomes = pushing.take_rows(list(enumerate(batch)), by=user.actor)
        return Response({"results": [asdict(outcome) for outcome in outcomes]})


class SignedPushView(APIView):
    """`POST /api/v1/push/SLUG/`: what a platform pushes by itself (engage/signed_push.py)."""

    authentication_classes = ()  # the signature is what is asked for
    permission_classes = ()

    def post(self, request: Request, slug: str) -> Response:
        """Answers 200 with one outcome a row, or 401 if it is not signed as it must be."""
        signed = signed_push.Signed.of(request.headers)
        try:
            outcomes = signed_push.take(slug, signed, request._request.body)
        except NotAllowed as refusal:
            return Response({"detail": str(refusal)}, status=401)
        if outcomes is None:
            return Response({"repeated": True})
        return Response({"results": [asdict(outcome) for outcome in outcomes]})


class ConfirmFields(ProofFields):
    seen = serializers.CharField(allow_blank=True)


class ConfirmView(VerbView):
    """`/api/v1/reviews/ID/confirm/`: says that a signature stands in the thread as it is now."""

    fields = ConfirmFields

    def get(self, request: Request, review_id: UUID) -> Response:
        """What moved, masked, and `seen`, which a signer sends back; "" if they can't confirm."""
        user, review = cast(User, request.user), review_of(review_id)
        permissions.check_may_read(user, review)
        if review.signpost is not None:
            raise WrongState("A signpost is not confirmed: it can be sent to the thread again.")
        moved = confirming.moved(user, review)
        return Response(
            {
                "seen": moved.seen,
                "why_not": moved.why_not,
                "wanted": list(moved.wanted),
                "held": moved.held,
                "locked": moved.movement.locked,
                "signals": moved.movement.signals,
                "changes": [_change(changed) for changed in moved.movement.changes],
            }
        )

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        proof = ProofFields.proof(given)
        confirming.confirm(by=by, review_id=review_id, proof=proof, **given)


def _change(changed: Changed) -> dict[str, Any]:
    return {
        "kind": changed.kind,
        "author": changed.author,
        "published_at": changed.published_at.isoformat(),
        "answered": changed.answered,
        "pieces": [
            {"kind": piece.kind, "text": masked_words(piece.segments)} for piece in changed.pieces
        ],
    }
