"""`manage.py export_examples FILE --by NAME --reason "..."`: labelled examples for retraining."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.exceptions import Refusal
from reviews import examples
from reviews.models import User


class Command(BaseCommand):
    help = (
        "Writes the texts in which reviewers marked missed or false identifiers as JSON Lines "
        "(text, spans, src), readable by you alone. The file holds identifiers in the clear."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="USERNAME", help="who exports")
        parser.add_argument("--reason", required=True, help="why; it stays in the record")

    def handle(self, *args: Any, file: Path, by: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no person {by}.")
        try:
            # Made anew, so that nobody else has it open and no link leads elsewhere.
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{file} can't be made: {error.strerror}.") from error
        try:
            with open(descriptor, "w", encoding="utf-8") as lines:
                exported = examples.export(by=user, reason=reason)
                for example in exported.examples:
                    row = {
                        "text": example.text,
                        "spans": example.spans,
                        "src": examples.SOURCE,
                    }
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
        except Refusal as refusal:
            file.unlink()
            raise CommandError(str(refusal)) from refusal
        except BaseException:
            file.unlink()
            raise
        self.stdout.write(f"{len(exported.examples)} examples are in {file.resolve()}.")
        if exported.erased:
            self.stdout.write(f"{exported.erased} corrected texts were erased and are left out.")
        self.stdout.write(
            "The file holds identifiers in the clear, and the erasure of a thread does not reach "
            "it: delete it when you have trained."
        )
