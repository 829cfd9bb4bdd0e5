"""What is outside the product, for tests of notices: a mail server and a host of webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.hook_server import HookServer
from tests.mail_server import MailServer


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailServer]:
    """A real mail server, which this installation sends through."""
    with MailServer() as server:
        settings.NOTICES_BY_EMAIL = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.PUBLIC_URL = "https://countersign.test/"
        yield server


@pytest.fixture
def hooks(settings: Settings) -> Iterator[HookServer]:
    """A real web server, which webhooks may lead to although it is on this machine."""
    with HookServer() as server:
        settings.WEBHOOK_HOSTS_INSIDE = ["127.0.0.1"]
        settings.PUBLIC_URL = "https://countersign.test"
        yield server
