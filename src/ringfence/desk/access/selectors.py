"""Questions about who may sign in."""

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, StaffRole


def people(*, actor: Actor) -> list[Person]:
    """Return every login, by name."""
    return list(Person.objects.order_by("username")) if actor.administers else []


def mails_of_auditors(*, actor: Actor) -> list[str]:
    """Return where the mails of those go who audit and may sign in."""
    if not actor.is_ours:
        return []
    told = Person.objects.filter(is_active=True).exclude(mail="").order_by("username").values_list("mail", "roles")
    return list(dict.fromkeys(mail for mail, roles in told if StaffRole.AUDITOR in roles))
