"""`manage.py ledger verify|checkpoint|key`: the history, for somebody who does not trust us."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from compliance.ledger import checkpoints, log
from compliance.models import Checkpoint


class Command(BaseCommand):
    help = "Signs a checkpoint of the ledger, or checks the whole ledger against kept checkpoints."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="recompute the log and compare")
        verify.add_argument(
            "--against",
            type=Path,
            nargs="*",
            default=[],
            metavar="CHECKPOINT",
            help="checkpoint files that you kept; the witness directory is always compared",
        )
        actions.add_parser("checkpoint", help="sequence what is new and print the checkpoint")
        actions.add_parser("key", help="print the key that checkpoints are signed with")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "key":
            self.stdout.write(checkpoints.verifier_key(settings.LEDGER_ORIGIN, log.public_key()))
        elif action == "checkpoint":
            log.sequence()
            newest = Checkpoint.objects.order_by("-id").first()
            self.stdout.write(newest.note if newest else "The ledger is empty.")
        else:
            self._verify(options["against"])

    def _verify(self, kept: list[Path]) -> None:
        paths = [*sorted(Path(settings.WITNESS_DIR).glob("*.checkpoint")), *kept]
        try:
            head = log.verify([path.read_text() for path in paths])
        except OSError as error:
            raise CommandError(f"A checkpoint file can't be read: {error.strerror}.") from error
        except (log.HistoryChanged, log.BadCheckpoint) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The ledger holds {head.size} entries and agrees with {len(paths)} kept checkpoints.\n"
            f"root {head.root.hex()}"
        )
