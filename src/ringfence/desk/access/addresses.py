"""Where a login's mails go: kept with the login, and with what the library knows of addresses. An admin's word needs no proof."""

from allauth.account.models import EmailAddress

from ringfence.desk.access.models import Person


def set_address(person: Person, mail: str) -> None:
    """Have a login's mails go there, and nowhere else; empty: nowhere. Call it inside a transaction."""
    Person.objects.filter(pk=person.pk).update(mail=mail)
    person.mail = mail
    EmailAddress.objects.filter(user=person).delete()
    if mail:
        EmailAddress.objects.create(user=person, email=mail.lower(), verified=True, primary=True)
