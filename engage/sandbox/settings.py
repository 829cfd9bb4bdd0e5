"""Settings of the sandbox community; everything comes from the environment.

SANDBOX_DATA        folder of its database and its key (made if missing)
SANDBOX_TOKEN       bearer token of the API; without one nothing can be written
SANDBOX_HOSTS       host names it answers to, comma-separated
SANDBOX_MAX_LENGTH  longest post, in characters
SANDBOX_FLOOD_SECONDS  least time between two posts of one author, for boards that set none
"""

import os
import secrets
from pathlib import Path

SANDBOX_DATA = Path(os.environ.get("SANDBOX_DATA", "var/sandbox")).resolve()
SANDBOX_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)


def _kept_secret(path: Path) -> str:
    """A random secret, made at the first start and readable by the owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = _kept_secret(SANDBOX_DATA / "secret_key")
SANDBOX_TOKEN = os.environ.get("SANDBOX_TOKEN", "")
SANDBOX_MAX_LENGTH = int(os.environ.get("SANDBOX_MAX_LENGTH", "10000"))
SANDBOX_FLOOD_SECONDS = float(os.environ.get("SANDBOX_FLOOD_SECONDS", "0"))

DEBUG = False
ALLOWED_HOSTS = os.environ.get("SANDBOX_HOSTS", "127.0.0.1,localhost").split(",")

INSTALLED_APPS = ["django.contrib.staticfiles", "engage.sandbox"]
# No sessions, no cookies, no forms: the API takes a bearer token, the pages only read.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "engage.sandbox.headers.StrictHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "engage.sandbox.urls"
WSGI_APPLICATION = "engage.sandbox.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SANDBOX_DATA / "sandbox.sqlite3",
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            # One writer at a time, so that change numbers are given in the order of commits.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}
