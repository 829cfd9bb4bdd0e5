"""The API for pushing posts. Each method makes one call to a verb."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.exceptions import BadInput
from engage import pushing
from reviews import permissions
from reviews.models import User

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
