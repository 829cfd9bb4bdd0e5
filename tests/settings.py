"""The product's settings for tests: test secrets, a data folder that goes away, quick passwords,
and templates that fail on an undefined variable."""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

_DATA = tempfile.mkdtemp(prefix="countersign-tests-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ.update(
    COUNTERSIGN_ENV=str(Path(_DATA) / "none.env"),
    COUNTERSIGN_DATA=_DATA,
    SECRET_KEY="for-tests-only-" + "x" * 50,
    COUNTERSIGN_MASTER_KEY=base64.urlsafe_b64encode(b"for tests only: 32 bytes of it!!").decode(),
    HTTPS="false",
    COMMUNITY_HOSTS_INSIDE="127.0.0.1",  # real servers and fakes, beside the tests
)

from config.settings import *  # noqa: E402, F403  (the environment comes first)
from config.settings import TEMPLATES  # noqa: E402


class Undefined(str):
    """Django asks it to stand for a variable that is not there; it fails the test instead."""

    def __mod__(self, missing: object) -> str:
        raise AssertionError(f"The template uses an undefined variable: {missing}")


PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = Undefined("[undefined: %s]")
