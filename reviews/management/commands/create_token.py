"""`manage.py create_token PERSON NAME`: a bearer token for the API, shown once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.exceptions import Refusal
from reviews.models import User
from reviews.tokens import create_token


class Command(BaseCommand):
    help = "Creates an API token that acts for somebody and prints it; it can't be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what the token is for")

    def handle(self, *args: Any, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no person {username}.")
        try:
            self.stdout.write(create_token(by=user, name=name))
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
