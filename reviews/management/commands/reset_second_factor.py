"""`manage.py reset_second_factor PERSON`: for somebody who lost their phone and their keys."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import factors
from reviews.models import User


class Command(BaseCommand):
    help = (
        "Removes the second factors of a person who lost them; the history says so. Make sure that "
        "it is them: after this their password is enough."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no person {username}.")
        removed = factors.reset(user)
        self.stdout.write(f"Removed {removed}. {user.printed_name} signs in with the password now.")
