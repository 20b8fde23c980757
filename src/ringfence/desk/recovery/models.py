"""What people asked for who can't come in, and how staff made sure who they are."""

from django.db import models


class RequestKind(models.TextChoices):
    """What is asked for."""

    USERNAME = "lost-username", "A lost user name"
    COMPROMISED = "compromised", "Somebody else has the password"
    OTHER = "other", "Something else"


class RequestDoor(models.TextChoices):
    """How it came."""

    LOGIN = "login", "By who is signed in, or holds a mailed link"
    FORM = "form", "Public form"
    MAIL = "mail", "Service mailbox"
    IMAP = "imap", "Service mailbox, fetched"
    STAFF = "staff", "Typed in by staff"


class RequestState(models.TextChoices):
    """Where it stands."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


class Request(models.Model):
    """Somebody asks for help with a login. What it says of itself proves nothing: a thief writes the same.

    `mail` is where it says that it can be reached, `said` what it wrote, cut; of a mail all bytes lie in DIR/mail/<sha256>.eml.
    `party` is whose login it is, as staff found out; or certain, where a login asked. `case` is what was opened for it.
    """

    kind = models.CharField(max_length=16, choices=RequestKind.choices)
    door = models.CharField(max_length=8, choices=RequestDoor.choices)
    state = models.CharField(max_length=8, choices=RequestState.choices, default=RequestState.OPEN)
    received = models.DateTimeField()
    mail = models.CharField(max_length=254, blank=True)
    said = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    login = models.ForeignKey("access.Person", null=True, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey("parties.Party", null=True, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="+")
    closed = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=64, blank=True)
    outcome = models.TextField(blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (
            models.Index(fields=("state", "-received"), name="recovery_request_state"),
            models.Index(fields=("sha256",), name="recovery_request_sha256", condition=~models.Q(sha256="")),
        )


class CallOutcome(models.TextChoices):
    """What came of a call."""

    CONFIRMED = "confirmed", "Reached, and it is so"
    DENIED = "denied", "Reached, and it is not so"
    NOT_REACHED = "not-reached", "Nobody was reached"


class CallBack(models.Model):
    """Who of the staff called which contact on file, when, and what came of it. `telephone` is a token of the number called."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="calls")
    contact = models.ForeignKey("parties.Contact", on_delete=models.PROTECT, related_name="+")
    telephone = models.CharField(max_length=16)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=CallOutcome.choices)
    note = models.TextField(blank=True)
