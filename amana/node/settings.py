"""One settings file for tests, demo and production. What differs between countries is data."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from amana.keeper.client import Keeper
from amana.keeper.rules import DEMO_CODE as KEEPER_DEMO_CODE
from amana.node.clock import Clock
from amana.node.config import data_dir, load
from amana.standards import agreements, countries

ROOT = Path(__file__).resolve().parents[2]
DATA = data_dir()
NODE, _SEED, SECRET_KEY = load(DATA)
OWN = NODE.own(_SEED)
# What this country publishes of itself, signed by its root.
OWN_DIRECTORY = str(DATA / "directory.json") if DATA else ""
KEEPER = Keeper(NODE.keeper, DATA / "keys" / "keeper" if DATA else None)
SEARCH_FOLDER = str(DATA) if DATA else "."
# Instruments that this node loaded beside those that come with Amana.
INSTRUMENTS = str(DATA / "instruments") if DATA else ""
# Where agreements lie: those that come with Amana, and those that this node was given.
AGREEMENTS = (agreements.AGREEMENTS, *([DATA / "agreements"] if DATA else []))
# Questions that somebody spoke: DIR/recordings/LANGUAGE/INSTRUMENT/QUESTION.opus.
RECORDINGS = str(DATA / "recordings") if DATA else ""
CLOCK = Clock(DATA, is_demo=NODE.is_demo)
VERSION = "0.1.0"
# Shown on the sign-in page of a demo node and worth nothing anywhere else.
DEMO_PASSWORD = "amana-demo-2026" if NODE.is_demo else ""
DEMO_CODE = KEEPER_DEMO_CODE if NODE.is_demo else ""

DEBUG = False
IS_HTTPS = NODE.url.startswith("https://")
ALLOWED_HOSTS = [NODE.host, "localhost", "testserver"]
CSRF_TRUSTED_ORIGINS = [f"http{'s' * IS_HTTPS}://{NODE.host}:{NODE.public_port}"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.forms",
    "amana.look",
    "amana.audit",
    "amana.access",
    "amana.agreements",
    "amana.exchange",
    "amana.identification",
    "amana.field",
    "amana.cases",
    "amana.search",
    "amana.protection",
    "amana.shelters",
    "amana.referrals",
    "amana.letters",
    "amana.watch",
    "amana.knowledge",
    "amana.desk",
    "amana.node.apps.Node",
]

MIDDLEWARE = [
    "amana.node.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "amana.node.middleware.Gate",
]

ROOT_URLCONF = "amana.node.urls"
WSGI_APPLICATION = "amana.node.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "amana.node.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "amana.look.templatetags.look"],
        },
    }
]
FORM_RENDERER = "amana.look.forms.LookRenderer"

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(DATA / "db" / "amana.sqlite3") if DATA else ":memory:",
    "OPTIONS": {
        # A transaction that has read can then still write: without it half of them fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL, because an acknowledged receipt must survive a power cut.
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
        "PRAGMA temp_store=MEMORY;PRAGMA mmap_size=134217728;PRAGMA cache_size=-8000;"
        "PRAGMA journal_size_limit=27103364;PRAGMA secure_delete=ON;",
    },
}
DATABASES = {
    "default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60)
    if os.environ.get("DATABASE_URL")
    else SQLITE
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGES = [("fr", "Français"), ("ar", "العربية"), ("en", "English")]
LANGUAGE_CODE = NODE.language
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
# What people read is the time of their own country; what is stored is UTC.
TIME_ZONE = countries.zone(NODE.country).key
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = IS_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True

# With the prefix a browser keeps the cookie to this host and to TLS; a demo on loopback has none.
SESSION_COOKIE = "__Host-amana" if IS_HTTPS else f"amana-{NODE.country.lower()}"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else f"csrf-{NODE.country.lower()}"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "amana.node.errors.forgery"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 31536000
MEDIA_ROOT = str(DATA / "media") if DATA else ""
# A temporary file would be plaintext on the disk: what arrives is held in memory or not at all.
FILE_UPLOAD_HANDLERS = ["amana.files.upload.InMemory"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Nothing a person typed may reach a log: levels and exception types only, no request data.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"bare": {"()": "amana.node.errors.Bare"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["bare"]}
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
