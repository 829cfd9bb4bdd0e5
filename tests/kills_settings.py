"""The product's settings with a quick password hash: two thousand signatures are prepared."""

from config.settings import *  # noqa: F403  (settings are inherited whole)

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
