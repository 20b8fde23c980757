"""Forms whose words or manners are not the library's."""

from datetime import UTC, datetime
from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms
from django.core.exceptions import ValidationError

from ringfence.desk.access import guessing, services
from ringfence.desk.access.models import Person


class SignInForm(LoginForm):  # type: ignore[misc] # the library has no types
    """Name and password. A wrong name and a wrong password look alike."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 # the library's
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(label="Name", max_length=64)
        self.fields["password"].max_length = 1024

    def _clean_with_password(self, credentials: dict[str, Any]) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super()._clean_with_password(credentials)
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                raise
            raise ValidationError("This name and password do not go together.") from error
        return cleaned


class _Charged:
    """Codes are counted as passwords are: across browsers and restarts."""

    user: Person

    def clean_code(self) -> str:
        """Return the code where it is right."""
        now, tried = datetime.now(UTC), guessing.of_code(self.user)
        try:
            guessing.charge(tried, now=now)
        except guessing.TooManyTries as error:
            raise ValidationError(f"{str(error).capitalize()}.") from error
        try:
            code: str = super().clean_code()  # type: ignore[misc] # of the form beside it
        except ValidationError:
            services.note_failure(username=self.user.username, address="", now=now)
            raise
        guessing.refund(tried)
        return code


class CodeForm(_Charged, AuthenticateForm):  # type: ignore[misc] # the library has no types
    """A code on the way in."""


class CodeAgainForm(_Charged, ReauthenticateForm):  # type: ignore[misc] # the library has no types
    """A code before something grave."""
