"""By name and password: the exact name, and only who is neither closed nor locked."""

from typing import Any, Final

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from ringfence.desk.access.models import Person

NAME: Final = "ringfence.desk.access.backend.PersonBackend"
_NOBODYS_PASSWORD: Final = make_password(None)


class PersonBackend(AuthenticationBackend):  # type: ignore[misc] # the library has no types
    """What allauth and Django ask. A wrong name takes as long as a wrong password."""

    def authenticate(self, _request: HttpRequest | None, **credentials: Any) -> Person | None:  # noqa: ANN401 # the library's
        """Return the person, or `None`. Hashing takes a third of a second: not within a transaction."""
        username, password = str(credentials.get("username") or ""), str(credentials.get("password") or "")
        person = Person.objects.select_related("party").filter(username=username.replace("\0", "\ufffd")).first()
        right = check_password(password, person.password if person is not None else _NOBODYS_PASSWORD)
        return person if right and person is not None and person.may_sign_in else None

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        """Tell whether a session of this person still holds."""
        return isinstance(user, Person) and user.may_sign_in

    def get_user(self, user_id: int) -> Person | None:
        """Return whose session it is."""
        person = Person.objects.select_related("party", "group").filter(pk=user_id).first()
        return person if person is not None and person.may_sign_in else None
