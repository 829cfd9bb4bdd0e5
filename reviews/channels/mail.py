"""E-mail, through the mail server that EMAIL_URL names."""

from __future__ import annotations

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from reviews.channels.base import Message, Undelivered, outside

NO_NAME = "countersign.invalid"  # RFC 2606: in message ids of an installation without an address


def is_set_up() -> bool:
    """Whether this installation sends mail at all."""
    return bool(settings.NOTICES_BY_EMAIL)


def send(to: str, message: Message) -> None:
    """Sends one mail.

    Raises:
        Undelivered: it did not go out.
    """
    if not is_set_up():
        raise Undelivered("no_mail_server", retry=False)
    host = urlsplit(settings.PUBLIC_URL).hostname or NO_NAME
    mail = EmailMessage(
        message.subject,
        _body(message),
        to=[to],
        # RFC 3834: so that no out-of-office answer comes back.
        headers={"Message-ID": f"<{message.id}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered("mail_sign_in", retry=True) from error
    except smtplib.SMTPSenderRefused as error:
        raise Undelivered("mail_sender", retry=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise Undelivered("mail_recipient", retry=all(code < 500 for code in codes)) from error
    except smtplib.SMTPResponseException as error:
        raise Undelivered("mail_not_taken", retry=error.smtp_code < 500) from error
    except ValueError as error:  # an address that no mail can have
        raise Undelivered("mail_not_taken", retry=False) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered("mail_server_away", retry=True) from error


def _body(message: Message) -> str:
    lines = [f"{line.title}\n{line.url}".rstrip() for line in message.lines]
    choose = outside("notice_settings")
    return "\n\n".join(
        [
            *lines,
            "Nothing that anybody wrote is in this mail: sign in to Countersign to read it.",
            f"Choose what reaches you: {choose}" if choose else "",
        ]
    ).rstrip()
