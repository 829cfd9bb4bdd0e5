"""`manage.py workflow_diagram`: writes docs/workflow.md from the table of transitions."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reviews.enums import Action, ReviewState
from reviews.permissions import PERMISSIONS
from reviews.policy import TRANSITIONS

HEAD = """# The workflow of a review

Generated from `reviews/policy.py` and `reviews/permissions.py` by
`manage.py workflow_diagram`; a test compares it. Change the tables, not this file.

```mermaid
stateDiagram-v2
    [*] --> submitted: submit
"""


def document() -> str:
    """The whole document as it should be."""
    lines = [HEAD.rstrip("\n")]
    lines += [
        f"    {before.value} --> {after.value}: {action.value}"
        for action, moves in TRANSITIONS.items()
        for before, after in moves.items()
    ]
    lines += [f"    {state.value} --> [*]" for state in ReviewState if not _leaves(state)]
    lines += ["```", "", "| State | Meaning | What can happen |", "|---|---|---|"]
    lines += [
        f"| {state.value} | {state.label} | {', '.join(_leaves(state)) or 'nothing more'} |"
        for state in ReviewState
    ]
    lines += ["", "## Who may", "", "| Permission | Roles |", "|---|---|"]
    lines += [
        f"| {permission.value} | {', '.join(sorted(role.label for role in roles))} |"
        for permission, roles in PERMISSIONS.items()
    ]
    lines += [
        "",
        "A person signs a review once at most, in a role that they hold, and never one of which "
        "they wrote a version. Clinicians read and withdraw what they wrote.",
    ]
    return "\n".join(lines) + "\n"


def _leaves(state: ReviewState) -> list[str]:
    return [action.value for action in Action if state in TRANSITIONS[action]]


class Command(BaseCommand):
    help = "Writes docs/workflow.md, or with --check says whether it is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "workflow.md"
        if not check:
            path.write_text(document())
        elif path.read_text() != document():
            raise CommandError("docs/workflow.md is stale: run `manage.py workflow_diagram`.")
