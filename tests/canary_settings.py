"""The product's settings, with a scanner that raises on one word and mails kept in files."""

from config.settings import *  # noqa: F403  (settings are inherited whole)
from config.settings import DATA_DIR

NOTICES_BY_EMAIL = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mails"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.canary_scanner.CanaryScannerConfig"]  # noqa: F405  (inherited)
