"""`manage.py add_person NAME --role compliance`: people, from the server's command line."""

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.exceptions import Refusal
from reviews.enums import Role
from reviews.people import add_person


class Command(BaseCommand):
    help = (
        "Adds a person with one or more roles. The password is asked for, or taken from "
        "COUNTERSIGN_PASSWORD."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", action="append", required=True, choices=Role.values)
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--affiliation", default="")
        parser.add_argument("--credentials", default="")

    def handle(self, *args: Any, username: str, role: list[str], **options: Any) -> None:
        password = os.environ.get("COUNTERSIGN_PASSWORD") or getpass.getpass()
        names = ("first_name", "last_name", "affiliation", "credentials")
        try:
            add_person(
                by=None,
                username=username,
                password=password,
                roles=[Role(r) for r in role],
                **{name: options[name] for name in names},
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Added {username}.")
