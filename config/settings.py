"""The one settings file. What differs between installations comes from the environment
(`.env.example` lists it); the defaults are the embedded way, with production's strictness."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.path("COUNTERSIGN_ENV", default=str(BASE_DIR / ".env")))

# Where the embedded parts keep their data: SQLite, Valkey's append-only file, checkpoints.
DATA_DIR = Path(env.str("COUNTERSIGN_DATA", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY = env.str("SECRET_KEY", default="")
# Comma-separated, base64 of 32 bytes each; the first seals, all open (key rotation).
MASTER_KEYS = env.list("COUNTERSIGN_MASTER_KEY", default=[])
for _name, _value in (("SECRET_KEY", SECRET_KEY), ("COUNTERSIGN_MASTER_KEY", MASTER_KEYS)):
    if not _value:
        raise ImproperlyConfigured(
            f"{_name} is not set. Run `./scripts/secrets > .env` once and keep that file safe: "
            "without the master key no stored text can be read again."
        )

DEBUG = False  # an error page that prints variables would print post text (law 7)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# HTTPS is what production runs on; the demo on 127.0.0.1 switches it off.
HTTPS = env.bool("HTTPS", default=True)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    # Second factors: a library of theirs, with none of its pages (docs/adr/0020-fresh-proof.md).
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "compliance",
    "reviews",
    "engage",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # passkeys are asked of the request's host
    "django_htmx.middleware.HtmxMiddleware",
    "config.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.navigation",
            ],
            "builtins": ["django.templatetags.static"],
        },
    }
]

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'countersign.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits its turn instead of failing half-way
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA recursive_triggers=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "reviews.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
# Whether people sign with a second factor: "optional" for those who have one, or "required"; and
# for how many minutes after a signature the next one takes one of the two components only.
SECOND_FACTOR = env.str("SECOND_FACTOR", default="optional")
if SECOND_FACTOR not in ("optional", "required"):
    raise ImproperlyConfigured('SECOND_FACTOR must be "optional" or "required".')
SIGNING_SESSION_MINUTES = env.int("SIGNING_SESSION_MINUTES", default=30)
MFA_ADAPTER = "reviews.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Countersign"
MFA_TOTP_TOLERANCE = 1  # codes of the half minute before and after, for clocks that are a bit off
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # the key asks for a PIN or a finger

CSRF_FAILURE_VIEW = "config.refusals.csrf_refused"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "first_page"
LOGOUT_REDIRECT_URL = "sign_in"

# The broker carries ids only (law 5); Redis or Valkey.
EMBEDDED_VALKEY_PORT = env.int("EMBEDDED_VALKEY_PORT", default=6390)
REDIS_URL = env.str("REDIS_URL", default=f"redis://127.0.0.1:{EMBEDDED_VALKEY_PORT}/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_connect_timeout": 2,  # a nudge must not keep a page waiting for a broker that is away
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "countersign"
# What waits for other people's servers has a queue of its own, for a worker with many threads: a
# worker that is told nothing takes both.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"countersign": {}, "network": {}}
CELERY_TASK_ROUTES = {
    f"engage.tasks.{name}": {"queue": "network"}
    for name in ("speak", "poll_community", "watch_community", "run_reading")
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_ENABLE_UTC = True

# Law 7: sessions are signed rows in the database, cookies are never readable by scripts.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000  # a rule profile with the most entries of each kind has 1,100

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic needed

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "reviews.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "config.refusals.api_exception_handler",
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
USE_I18N = False

LOGGING_CONFIG = None
logging_config(level=env.str("LOG_LEVEL", default="INFO"))

# Which deadlines a safety signal has (names in reviews/clocks.py), and whose public holidays count.
SAFETY_CLOCKS = env.list(
    "SAFETY_CLOCKS",
    default=[
        "crisis",
        "internal",
        "us_serious",
        "eu_serious",
        "eu_other",
        "device_facility",
        "device_manufacturer",
        "device_urgent",
    ],
)
HOLIDAYS_OF = env.str("HOLIDAYS_OF", default="US")

# The address under which people reach this installation: links in mails and webhooks begin with it.
PUBLIC_URL = env.str("PUBLIC_URL", default="")
# Notices by mail: off until there is a mail server, e.g. smtp+tls://name:secret@mail.example.org:587
NOTICES_BY_EMAIL = bool(env.str("EMAIL_URL", default=""))
if NOTICES_BY_EMAIL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="countersign@localhost")
# Hosts in our own network that the webhooks of people may lead to all the same.
WEBHOOK_HOSTS_INSIDE = env.list("WEBHOOK_HOSTS_INSIDE", default=[])
# Hosts in our own network that communities may be at all the same, such as forum.intranet.example.
COMMUNITY_HOSTS_INSIDE = env.list("COMMUNITY_HOSTS_INSIDE", default=[])
# Working time, in TIME_ZONE, and in how many working hours a review is due by the worst that was
# found in the reply ("none": nothing), e.g. "block=2;none=24".
WEEKEND = env.list("WEEKEND", default=["sat", "sun"])
WORKING_HOURS = env.str("WORKING_HOURS", default="09:00-17:00")
REVIEW_HOURS = {"block": 4.0, "needs_legal": 8.0, "warn": 12.0, "info": 16.0, "none": 16.0} | (
    env.parse_value(env.str("REVIEW_HOURS", default=""), {"value": float})
)

# A reminder comes so many working hours before a review is due; so many after, it is escalated.
REMIND_HOURS = env.float("REMIND_HOURS", default=2.0)
ESCALATE_HOURS = env.float("ESCALATE_HOURS", default=8.0)

# What looks for identifiers: the kind of model (countersign, spacy, transformers) and its folder,
# the shipped one by default; how eagerly; the least score by kind, e.g. "NAME=0.4;PLACE=0.6"; and
# models for other languages, e.g. "de=spacy:/srv/models/de".
IDENTIFIERS_ENGINE = env.str("IDENTIFIERS_ENGINE", default="countersign")
IDENTIFIERS_MODEL = env.str(
    "IDENTIFIERS_MODEL", default=str(BASE_DIR / "compliance" / "models" / "identifiers_en")
)
IDENTIFIERS_RECALL_BIAS = env.float("IDENTIFIERS_RECALL_BIAS", default=1.0)
IDENTIFIERS_THRESHOLDS = env.parse_value(
    env.str("IDENTIFIERS_THRESHOLDS", default=""), {"value": float}
)
IDENTIFIERS_LANGUAGES = env.parse_value(
    env.str("IDENTIFIERS_LANGUAGES", default=""), {"value": str}
)

# How long a clearance stands before it must be signed again.
CLEARANCE_DAYS = env.int("CLEARANCE_DAYS", default=14)
# How long a claim on a review lasts unless its holder acts, and one that was given to somebody.
CLAIM_MINUTES = env.int("CLAIM_MINUTES", default=30)
ASSIGNED_MINUTES = env.int("ASSIGNED_MINUTES", default=8 * 60)
# How long before its end a clearance is marked.
EXPIRES_SOON_DAYS = env.int("EXPIRES_SOON_DAYS", default=2)
# Within how many hours somebody must see to what happened to a live reply.
INCIDENT_HOURS = env.float("INCIDENT_HOURS", default=24.0)
# What must be done within which time of discovering a breach (names in engage/breaches.py).
BREACH_DEADLINES = env.list("BREACH_DEADLINES", default=["eu", "us"])
# How long a reply is live before somebody looks at it again, and then again.
REREVIEW_DAYS = env.int("REREVIEW_DAYS", default=180)
# Of a hundred decided reviews, how many somebody else looks at without knowing what was decided;
# and after how many decisions a reviewer is given a golden case. 0: none.
SECOND_LOOK_PERCENT = env.float("SECOND_LOOK_PERCENT", default=0)
GOLDEN_EVERY = env.int("GOLDEN_EVERY", default=0)
# The ledger's name in its checkpoints, and where their copies go.
LEDGER_ORIGIN = env.str("LEDGER_ORIGIN", default="countersign.example/ledger")
WITNESS_DIR = env.str("WITNESS_DIR", default=str(DATA_DIR / "witness"))
