"""What goes out on a channel, and what may come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse

# Why something was not delivered, in words for the person whose address it is.
SENTENCES = {
    "unexpected": "Something went wrong here. Your administrator finds it in the log.",
    "no_address": "There is no address to send to.",
    "no_mail_server": "This installation has no mail server. Your administrator sets EMAIL_URL.",
    "mail_server_away": "The mail server of this installation can't be reached.",
    "mail_sign_in": "The mail server does not accept the name or password of this installation.",
    "mail_sender": "The mail server does not accept the sender's address (EMAIL_FROM).",
    "mail_recipient": "The mail server does not accept this address. Check it for mistakes.",
    "mail_not_taken": "The mail server did not take the mail.",
    "not_https": "A webhook's address must begin with https://.",
    "not_an_address": "This is no address that a webhook can have.",
    "inside": "This address leads into the network of this installation, so nothing is sent "
    "there. Your administrator can allow a host with WEBHOOK_HOSTS_INSIDE.",
    "unknown_host": "There is no host of this name. Check the address for mistakes.",
    "no_connection": "The host can't be reached, or its certificate is not valid.",
    "too_slow": "The host did not answer in time.",
    "redirected": "The host answers that the webhook has moved. Enter its new address.",
    "gone": "The host says that there is no such webhook (any more). Make a new one there.",
    "not_permitted": "The host does not accept this webhook: it was switched off or has expired.",
    "busy": "The host asks to wait.",
    "host_failed": "The host had an error.",
    "not_taken": "The host did not take the message.",
}


class Undelivered(Exception):
    """A message did not go out.

    Attributes:
        code: why, a key of `SENTENCES`.
        retry: whether it may go out later without anybody changing something.
        wait: seconds that the other side asks to wait; 0 if it says nothing.
    """

    def __init__(self, code: str, *, retry: bool, wait: int = 0) -> None:
        super().__init__(code)
        self.code, self.retry, self.wait = code, retry, wait


@dataclass(frozen=True, slots=True)
class Line:
    """One notice in a message: its fixed words, and its address; "" where none is known."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out at once on one channel to one person.

    Attributes:
        id: the same at every try, so that the other side can tell that it has it already.
    """

    id: UUID
    lines: Sequence[Line]
    digest: bool = False

    @property
    def subject(self) -> str:
        """What it is about, in one line."""
        if self.digest:
            return f"Daily digest: {len(self.lines)} in Countersign"
        return self.lines[0].title if len(self.lines) == 1 else f"{len(self.lines)} notifications"


def outside(route: str, *args: object) -> str:
    """The address of a page as it is reached from outside; "" where PUBLIC_URL is not set."""
    base = settings.PUBLIC_URL.rstrip("/")
    return f"{base}{reverse(route, args=args)}" if base else ""
