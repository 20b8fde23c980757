"""Where allauth asks what is ours to say: who may try, where one comes to, which mails are written, what is recorded."""

from datetime import UTC, datetime
from typing import Any, cast

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from qrcode.image.svg import SvgPathImage

from ringfence.desk.access import devices, guessing, mails, sealing, services
from ringfence.desk.access.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # the library has no types
    """Signing in, and mails to people."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Nobody makes an own login: an admin does."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:  # noqa: ANN401 # the library's
        """Return the person that name and password belong to. Raises `ValidationError` where no try is taken now."""
        username, address, now = str(credentials.get("username") or ""), request.META.get("REMOTE_ADDR", ""), datetime.now(UTC)
        tried = guessing.of_sign_in(username=username, address=address, device=devices.known_device(request, username))
        try:
            guessing.charge(tried, now=now)
        except guessing.TooManyTries as error:
            if error.begins:
                services.note_wait(username=username, address=address, until=error.until, now=now)
            raise ValidationError(f"{str(error).capitalize()}.", code="too_many_login_attempts") from error
        person = authenticate(request, **credentials)
        if person is None:
            services.note_failure(username=username, address=address, now=now)
        else:
            guessing.refund(tried)
        return person

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **hook: Any) -> HttpResponse | None:  # noqa: ANN401, ARG002
        """Refuse who is closed or locked, also by passkey."""
        if isinstance(user, Person) and user.may_sign_in:
            return None
        clear_login(request)
        return cast(HttpResponse, self.respond_user_inactive(request, user))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hook: Any) -> HttpResponse:  # noqa: ANN401 # the library's
        """Record who came in, and know the browser again."""
        response: HttpResponse = super().post_login(request, user, **hook)
        assert isinstance(user, Person)
        services.note_sign_in(person=user, address=request.META.get("REMOTE_ADDR", ""), now=datetime.now(UTC))
        devices.remember(request, response, user.username)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where one comes to who did not want to go anywhere."""
        return resolve_url(services.home_of(cast(Person, request.user)))

    def send_password_reset_mail(self, user: AbstractBaseUser, _email: str, context: dict[str, Any]) -> None:
        """Write to the address on file, not to the one that was typed; to nobody who is closed or locked, nor too often."""
        assert isinstance(user, Person)
        tried = guessing.of_mail(username=user.username, address=self.request.META.get("REMOTE_ADDR", ""))
        if not user.may_sign_in or not user.mail:
            return
        try:
            guessing.charge(tried, now=datetime.now(UTC))
        except guessing.TooManyTries:
            return  # whoever asks is told the same as ever
        self.send_mail("account/email/password_reset_key", user.mail, {**context, "user": user})

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set the password that somebody chose by a mailed link."""
        assert isinstance(user, Person)
        services.reset_password(person=user, new=password, now=datetime.now(UTC))

    def send_notification_mail(
        self, template_prefix: str, user: AbstractBaseUser, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a person what changed of the own login; of a new password the service has told."""
        if template_prefix != "account/email/password_reset":
            super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write in the words of the person's language, not by the library's templates."""
        found = {
            "link": context.get("password_reset_url") or context.get("activate_url"),
            "address": context.get("ip"),
            "before": context.get("from_email") or context.get("deleted_email"),
            "after": context.get("to_email"),
        }
        places = {name: str(value) for name, value in found.items() if value}
        what = template_prefix.rpartition("/")[2]
        mails.tell(what=what, person=cast(Person, context["user"]), places=places, to=email, now=datetime.now(UTC))

    def get_from_email(self) -> str:
        """The relay's sender is written in when a mail is sent."""
        return str(settings.DEFAULT_FROM_EMAIL)

    def format_email_subject(self, subject: str) -> str:
        """No prefix: the sender says who writes."""
        return subject


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc] # the library has no types
    """Codes and passkeys."""

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """Return under which name an authenticator app keeps it."""
        return cast(Person, user).username

    def build_totp_svg(self, url: str) -> str:
        """Return the code as a picture that stands in the page itself: pages load no pictures from data addresses."""
        picture = qrcode.make(url, image_factory=SvgPathImage, border=2)
        return picture.to_string(encoding="unicode")  # type: ignore[no-any-return] # the library has no types

    def encrypt(self, text: str) -> str:
        """Seal what codes are computed from: the database alone gives none."""
        return sealing.sealed(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open it."""
        return sealing.opened(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Tell whether it may go: the last one of staff stays while staff must have one."""
        person = cast(Person, authenticator.user)
        if not (settings.RINGFENCE_STAFF_MFA and person.roles):
            return True
        factors = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return bool(factors.exclude(pk=authenticator.pk).exists())
