"""What can be asked of reviews and done to them over the API: a class a verb."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews import claims, permissions, workflow
from reviews.api.showing import shown_review, shown_row
from reviews.enums import Seat, Verdict
from reviews.freshness import Proof
from reviews.models import User
from reviews.permissions import Permission
from reviews.views.queue import asked_page
from reviews.views.review import review_of


class ReviewsView(APIView):
    """`GET /api/v1/reviews/`: the queue, with the tabs and filters of its page in the address."""

    def get(self, request: Request) -> Response:
        """A page of reviews; `next` and `previous` are the queries of its neighbours, or ""."""
        user = cast(User, request.user)
        permissions.check_may(user, Permission.READ_QUEUE)
        page = asked_page(request._request, user)
        return Response(
            {
                "results": [shown_row(review) for review in page.rows],
                "next": page.next,
                "previous": page.previous,
            }
        )


class ReviewView(APIView):
    """`GET /api/v1/reviews/ID/`: everything that a signature covers."""

    def get(self, request: Request, review_id: UUID) -> Response:
        """The review as its page shows it."""
        return answer(request, review_id)


def answer(request: Request, review_id: UUID) -> Response:
    """The review as it is now; only its id and state for those who may not read it."""
    user, review = cast(User, request.user), review_of(review_id)
    if request.method == "GET":
        permissions.check_may_read(user, review)
    if not permissions.can_read(user, review):  # a safety officer withdraws without reading
        return Response({"id": str(review.pk), "state": review.state})
    return Response(shown_review(review, user))


class VerbView(APIView):
    """One verb. `POST` with its fields as JSON; the answer is the review as it is then."""

    fields: type[serializers.BaseSerializer[Any]] = serializers.Serializer

    def post(self, request: Request, review_id: UUID) -> Response:
        """Does it. 400: something is missing; 403: not this person; 409: not now."""
        given = self.fields(data=request.data)
        given.is_valid(raise_exception=True)
        self.act(cast(User, request.user), review_id, **given.validated_data)
        return answer(request, review_id)

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        """The one call to the verb."""
        raise NotImplementedError


class DisposeFields(serializers.Serializer[Any]):
    finding = serializers.UUIDField()
    verdict = serializers.ChoiceField(Verdict.choices)
    reason = serializers.CharField(allow_blank=True)


class DisposeView(VerbView):
    """Says what a finding is worth."""

    fields = DisposeFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.dispose(
            by=by,
            review_id=review_id,
            finding_id=given["finding"],
            verdict=Verdict(given["verdict"]),
            reason=given["reason"],
        )


class RemarkFields(serializers.Serializer[Any]):
    body = serializers.CharField(allow_blank=True)


class RemarkView(VerbView):
    """Comments."""

    fields = RemarkFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.remark(by=by, review_id=review_id, body=given["body"])


class ProofFields(serializers.Serializer[Any]):
    """What proves afresh who somebody is; `code` for those who have a second factor."""

    password = serializers.CharField(allow_blank=True, trim_whitespace=False)
    code = serializers.CharField(allow_blank=True, default="")

    @staticmethod
    def proof(given: dict[str, Any]) -> Proof:
        """It, taken out of what was given. Nothing continues here: both are asked for each time."""
        return Proof(password=given.pop("password"), code=given.pop("code"))


class SignFields(ProofFields):
    seat = serializers.ChoiceField(Seat.choices)
    seen = serializers.CharField(allow_blank=True)


class SignView(VerbView):
    """Signs what was seen: `seen` is the `seal` of the review that the signer read."""

    fields = SignFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.sign(
            by=by,
            review_id=review_id,
            proof=ProofFields.proof(given),
            seat=Seat(given["seat"]),
            seen=given["seen"],
        )


class DecisionFields(serializers.Serializer[Any]):
    """What a decision takes: the kind of reason, and the reason."""

    code = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)


class SendBackView(VerbView):
    """Gives it back to its author; `reason` holds the required changes, one a line."""

    fields = DecisionFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.send_back(by=by, review_id=review_id, **given)


class RefuseView(VerbView):
    """Decides against posting."""

    fields = DecisionFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.refuse(by=by, review_id=review_id, **given)


class WithdrawView(VerbView):
    """Takes it out, wherever it stands."""

    fields = DecisionFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        workflow.withdraw(by=by, review_id=review_id, **given)


class ClaimView(VerbView):
    """Takes it, so that others see who works on it."""

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        claims.claim(by=by, review_id=review_id)


class ReleaseView(VerbView):
    """Gives one's own claim up."""

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        claims.release(by=by, review_id=review_id)


class AssignFields(serializers.Serializer[Any]):
    to = serializers.UUIDField()


class AssignView(VerbView):
    """Gives it to somebody who could sign it now."""

    fields = AssignFields

    def act(self, by: User, review_id: UUID, **given: Any) -> None:
        claims.assign(by=by, review_id=review_id, to=given["to"])
