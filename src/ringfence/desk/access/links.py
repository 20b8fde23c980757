"""Addresses in mails that people of logins follow."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from ringfence.desk.access.models import Person


def password_link(person: Person) -> str:
    """Return the address at which this person sets a password: once, within `PASSWORD_RESET_TIMEOUT`."""
    named = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return settings.RINGFENCE_PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=named)
