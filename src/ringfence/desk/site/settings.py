"""Django's settings. Everything comes from the environment, which the process starter fills (`site.process.configure`).

RINGFENCE_DATA       the data folder; without it the desk can be tested and type-checked, and refuses to serve
RINGFENCE_DATABASE   postgresql://user:password@host:port/name; without it DIR/desk.sqlite3
RINGFENCE_DATABASE_OWNER   the same by the role that owns the tables, where the desk's own must not change the audit (`site.owning`)
RINGFENCE_HOSTS      host names under which the desk is reached, by commas; loopback is always allowed
RINGFENCE_HTTPS      1 where people reach the desk by https: cookies are then sent by https alone
RINGFENCE_PUBLIC_URL the address under which parties reach the desk, as https://abuse.voice.example; it stands in notices
RINGFENCE_STAFF_MFA  1 where staff must have a second factor: without one nothing is open to them but the page that sets one up
RINGFENCE_PROXIES    how many proxies of your own stand in front: whose address a request comes from is read from what they add
RINGFENCE_STANDING_ORDERS_PER_HOUR   how many automatic decisions an hour before automation stops and pages somebody
RINGFENCE_CLAIM_HOURS   how many hours a claim of a case holds after the last thing that its holder did in it
"""

import os
from hashlib import blake2b
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_data = os.environ.get("RINGFENCE_DATA")
_database = os.environ.get("RINGFENCE_DATABASE") or ("" if _data else os.environ.get("RINGFENCE_TEST_DATABASE", ""))


def _key(data: Path) -> bytes:
    path = data / "installation.key"
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(f"{path}: {error.strerror}. Hint: `ringfence up` makes it") from None
    if len(key) != 32:
        raise ImproperlyConfigured(f"{path}: {len(key)} bytes instead of 32. Hint: restore it from the backup")
    return key


def _postgresql(address: str) -> dict[str, object]:
    parts = urlsplit(address)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            f"RINGFENCE_DATABASE: {parts.scheme}:// is not known. Hint: postgresql://user:password@host:port/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],  # ?host=/folder is a Unix socket
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(data: Path | None) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(data / "desk.sqlite3") if data else ":memory:",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",  # writers queue up at their first statement instead of failing at their last
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000;",
        },
    }


RINGFENCE_DATA: Path | None = Path(_data) if _data else None
RINGFENCE_KEY: bytes = _key(RINGFENCE_DATA) if RINGFENCE_DATA else b"only for tests: 32 bytes of key."
RINGFENCE_PUBLIC_URL: str = os.environ.get("RINGFENCE_PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/")
RINGFENCE_STANDING_ORDERS_PER_HOUR: int = int(os.environ.get("RINGFENCE_STANDING_ORDERS_PER_HOUR", "100"))
RINGFENCE_CLAIM_HOURS: float = float(os.environ.get("RINGFENCE_CLAIM_HOURS", "8"))
RINGFENCE_STAFF_MFA: bool = os.environ.get("RINGFENCE_STAFF_MFA") == "1"
RINGFENCE_PROXIES: int = int(os.environ.get("RINGFENCE_PROXIES", "0"))

SECRET_KEY = blake2b(b"desk", key=RINGFENCE_KEY, person=b"django secret").hexdigest()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, os.environ.get("RINGFENCE_HOSTS", "").split(","))]
DATABASES = {"default": _postgresql(_database) if _database else _sqlite(RINGFENCE_DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_NOUNS = (
    "audit",
    "outbox",
    "letters",
    "access",
    "parties",
    "policies",
    "clocks",
    "detections",
    "complaints",
    "cases",
    "inquiries",
    "decisions",
    "enforcement",
    "notices",
    "appeals",
    "bulk",
    "charges",
    "disclosures",
    "endings",
    "returns",
    "recovery",
    "api",
    "site",
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    *(f"ringfence.desk.{noun}" for noun in _NOUNS),
    "allauth",  # after ours, whose templates go before its own
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "ringfence.desk.site.middleware.address_behind_proxies",
    "ringfence.desk.site.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ringfence.desk.site.middleware.bodies_of_bounded_size",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ringfence.desk.site.middleware.actor_and_zone",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "ringfence.desk.access.middleware.second_factor_due",
    "ringfence.desk.site.middleware.attacks_on_public_pages",
    "ringfence.desk.site.middleware.refusals_as_pages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "ringfence.desk.site.context.desk",
            ],
        },
    }
]
ROOT_URLCONF = "ringfence.desk.site.urls"
WSGI_APPLICATION = "ringfence.desk.site.wsgi.application"

AUTH_USER_MODEL = "access.Person"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "access:sign-in"
LOGIN_REDIRECT_URL = "site:dashboard"
AUTHENTICATION_BACKENDS = ["ringfence.desk.access.backend.PersonBackend"]
PASSWORD_RESET_TIMEOUT = 12 * 3600
EMAIL_BACKEND = "ringfence.desk.access.mails.OutboxBackend"
DEFAULT_FROM_EMAIL = "desk@localhost"  # the relay's sender takes its place

_https = os.environ.get("RINGFENCE_HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
if _https:
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
if RINGFENCE_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

ACCOUNT_ADAPTER = "ringfence.desk.access.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "ringfence.desk.access.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_USER_MODEL_EMAIL_FIELD = "mail"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up: an admin makes logins
ACCOUNT_EMAIL_VERIFICATION = "none"  # an admin's word is good; who changes the own address confirms the new one
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_UNIQUE_EMAIL = False  # one person may have two logins
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody is written to who has no login here
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _https else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "20/h/ip"}  # the others are ours: access/guessing
MFA_ADAPTER = "ringfence.desk.access.adapter.SecondFactors"
MFA_FORMS = {
    "authenticate": "ringfence.desk.access.forms.CodeForm",
    "reauthenticate": "ringfence.desk.access.forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Ringfence"
MFA_TOTP_TOLERANCE = 1  # clocks of telephones
MFA_RECOVERY_CODES_SHOW_ONCE = True
USERSESSIONS_TRACK_ACTIVITY = False

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # files are served from where they lie: no collecting step
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"log": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["log"], "level": "WARNING"},
    "loggers": {"ringfence": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
