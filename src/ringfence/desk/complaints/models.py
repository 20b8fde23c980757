"""What people told the abuse desk, and what came of the question whether it was ours."""

from typing import Final

from django.db import models


class Verdict(models.TextChoices):
    """Is it ours?"""

    OURS = "ours", "Ours: the party is found"
    SPOOFED = "spoofed-elsewhere", "Our number, shown by somebody else on another network"
    CARRIED = "carried-for-peer", "Carried for a peer: the upstream is named"
    NOT_OURS = "not-ours", "Not ours"
    UNDECIDABLE = "undecidable", "Can't be decided from what was said and kept"


class Door(models.TextChoices):
    """How it came."""

    MAIL = "mail", "Mail"
    IMAP = "imap", "Mail, fetched"
    FORM = "form", "Public form"
    API = "api", "Reports API"
    TELEPHONE = "telephone", "Typed in by staff"
    PEER = "peer", "A peer's notice"


class Nature(models.TextChoices):
    """What it is. Only complaints are counted as such."""

    COMPLAINT = "complaint", "Complaint"
    ENQUIRY = "enquiry", "Enquiry"
    TRACEBACK = "traceback", "Traceback request"
    AUTOMATIC = "automatic", "Automatic mail"
    TEST = "test", "Only a try"


class Outcome(models.TextChoices):
    """What came of it, from a closed list that reporters are told."""

    ACTIONED = "actioned", "Something was done"
    NOT_OURS = "not-ours", "It is not ours"
    REVIEWED = "reviewed-without-action", "It was looked at, and nothing was to be done"
    NEED_MORE = "need-more", "We need to know more"
    DUPLICATE = "duplicate", "It was told before"


OUTCOME_OF: Final[dict[str, Outcome]] = {
    Verdict.OURS: Outcome.ACTIONED,
    Verdict.SPOOFED: Outcome.NOT_OURS,
    Verdict.CARRIED: Outcome.ACTIONED,
    Verdict.NOT_OURS: Outcome.NOT_OURS,
    Verdict.UNDECIDABLE: Outcome.NEED_MORE,
}
"""With which outcome a complaint that ends so is closed, unless a person knows better: the peer that a call came from is told."""
FOUND: Final[dict[str, str]] = {
    Verdict.OURS: "The call came from a customer of ours.",
    Verdict.SPOOFED: "The number is of our network, and the call was not: somebody else showed it on another network.",
    Verdict.CARRIED: "The call came to us from another network, which we carried it for.",
    Verdict.NOT_OURS: "No such call came from our network or through it.",
    Verdict.UNDECIDABLE: "What was said and what we keep do not tell which call is meant.",
}
"""What who complained is told of it, once the complaint is closed: before, anybody could ask who called whom. It names nobody."""


class Standing(models.TextChoices):
    """What a reporter is to the desk."""

    PLAIN = "plain", "Like any other"
    TRUSTED = "trusted", "Trusted"
    MUTED = "muted", "Muted: kept, and not counted"


class Complaint(models.Model):
    """What somebody told. The bytes lie in DIR/mail/<sha256>.eml, those of other doors as .json; here is what a list needs.

    `sender` is a token of the envelope sender, or of the address that a form came from. `reporter` is a token of who complains:
    the same for the same mail address, however it came. `heading` is the subject line, as text without control characters.
    `fingerprint` is the same for what is sent twice. `checks` holds what is known of the sending, by name. `said` is the
    reporter's own reference. `outcome` is empty while nothing came of it. `may_tell`: who complains agreed that the one complained
    about is told the number, the name and the time. `told`: a report of it was made for a peer.
    """

    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    sender = models.CharField(max_length=16)
    heading = models.CharField(max_length=256, blank=True)
    received = models.DateTimeField()
    door = models.CharField(max_length=12, choices=Door.choices, default=Door.MAIL, db_default=Door.MAIL)
    nature = models.CharField(max_length=12, choices=Nature.choices, default=Nature.COMPLAINT, db_default=Nature.COMPLAINT)
    leaf = models.CharField(max_length=24, blank=True, default="", db_default="")
    reporter = models.CharField(max_length=16, blank=True, default="", db_default="")
    fingerprint = models.CharField(max_length=16, blank=True, default="", db_default="")
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    outcome = models.CharField(max_length=24, choices=Outcome.choices, blank=True, default="", db_default="")
    closed = models.DateTimeField(null=True)
    said = models.CharField(max_length=128, blank=True, default="", db_default="")
    checks = models.JSONField(default=dict, db_default={})
    may_tell = models.BooleanField(default=False, db_default=False)
    told = models.BooleanField(default=False, db_default=False)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (
            models.Index(fields=("-received", "-id"), name="complaints_received"),
            models.Index(fields=("fingerprint",), name="complaints_fingerprint", condition=~models.Q(fingerprint="")),
            models.Index(fields=("reporter", "-received"), name="complaints_reporter"),
            models.Index(fields=("sender", "-received"), name="complaints_sender"),
        )

    @property
    def found(self) -> str:
        """How it ended when it was asked whether it is ours, a `Verdict`; empty until it is closed and where nobody asked."""
        newest = self.answers.order_by("-id").first() if self.outcome and self.duplicate_of_id is None else None
        return "" if newest is None else newest.verdict

    @property
    def file(self) -> str:
        """Where its bytes lie in the data folder."""
        return f"mail/{self.sha256}.{'eml' if self.door in (Door.MAIL, Door.IMAP) else 'json'}"


class Attachment(models.Model):
    """Something handed in: the bytes lie in DIR/quarantine/<sha256>, and are shown and unpacked by nobody here."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="attachments")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=80, blank=True)
    looks = models.CharField(max_length=40)
    remarks = models.JSONField(default=list)


class ControlProof(models.Model):
    """A code sent to the called number: who knows it controls that number. `wish`: the caller shall reach it no more.

    `code` is a keyed hash. At most `tries` wrong ones are taken, until `until`.
    """

    complaint = models.OneToOneField(Complaint, on_delete=models.PROTECT, related_name="proof")
    number = models.CharField(max_length=16)
    code = models.CharField(max_length=32)
    sent = models.DateTimeField()
    until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    proven = models.DateTimeField(null=True)
    wish = models.BooleanField(default=False)


class Answer(models.Model):
    """What was found when it was asked whether a complaint is ours. The newest of a complaint counts; none is ever changed.

    `party` and `account` name who answers for it, `upstream` the peer it came from, where one is known. `reasons` are sentences.
    `looked` are the numbers, as tokens, and the spans of time that were looked for.
    """

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="answers")
    made = models.DateTimeField()
    by = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    party = models.CharField(max_length=128, blank=True)
    account = models.CharField(max_length=128, blank=True)
    trunk = models.CharField(max_length=128, blank=True)
    upstream = models.CharField(max_length=128, blank=True)
    conduct = models.DateTimeField(null=True)
    reasons = models.JSONField(default=list)
    looked = models.JSONField(default=dict)

    class Meta:
        """What the database holds it to, and finds it by."""

        indexes = (models.Index(fields=("party", "-made"), name="complaints_answer_party"),)


class Candidate(models.Model):
    """A call that may be the one meant. Numbers, source and Call-ID are tokens; `likeness` orders the candidates of an answer."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="candidates")
    call = models.CharField(max_length=16)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)
    caller = models.CharField(max_length=16, blank=True)
    callee = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=16, blank=True)
    account = models.CharField(max_length=128, blank=True)
    party = models.CharField(max_length=128, blank=True)
    trunk = models.CharField(max_length=128, blank=True)
    direction = models.CharField(max_length=8, blank=True)
    attestation = models.CharField(max_length=1, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    likeness = models.FloatField()
    why = models.JSONField(default=list)

    @property
    def seconds(self) -> float:
        """How long it was answered."""
        return self.duration_ms / 1000


class Peer(models.Model):
    """Another network that hands us traffic or tells us of abuse. `addresses` are its addresses and networks, as text."""

    name = models.CharField(max_length=128, unique=True)
    addresses = models.JSONField(default=list)
    mail = models.CharField(max_length=254, blank=True)
    since = models.DateTimeField()


class Campaign(models.Model):
    """Complaints that tell the same story. One that was merged into another has no members, and says into which."""

    opened = models.DateTimeField()
    latest = models.DateTimeField()
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="taken_in")


class Story(models.Model):
    """What of a complaint is compared with others: sketches of its words and names, and tokens. No text can be read from it.

    `campaign` is empty while it is like no other; `why` says by what it joined, `by` who put it there. Of stories kept by an
    earlier release `names` holds the amounts too.
    """

    complaint = models.OneToOneField(Complaint, on_delete=models.PROTECT, related_name="story")
    received = models.DateTimeField()
    words = models.BinaryField()
    names = models.BinaryField()
    capitals = models.BinaryField(default=b"", db_default=b"")
    amounts = models.BinaryField(default=b"", db_default=b"")
    callbacks = models.JSONField(default=list)
    callers = models.JSONField(default=list)
    blocks = models.JSONField(default=list)
    sender = models.CharField(max_length=128, blank=True)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="stories")
    why = models.JSONField(default=list)
    by = models.CharField(max_length=64, blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (models.Index(fields=("-received",), name="complaints_story_received"),)


class Traceback(models.Model):
    """Somebody entitled asks where a call came from. `due` is by when the answer is owed, `rule` says by which rule."""

    complaint = models.OneToOneField(Complaint, on_delete=models.PROTECT, related_name="traceback")
    begins = models.DateTimeField()
    due = models.DateTimeField()
    rule = models.CharField(max_length=200)
    answered = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=64, blank=True)


class ReporterStanding(models.Model):
    """Who complains, as a token. `standing` is a person's word; the counts are of what came of the complaints."""

    token = models.CharField(max_length=16, primary_key=True)
    standing = models.CharField(max_length=8, choices=Standing.choices, default=Standing.PLAIN)
    reason = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField()


class ListKind(models.TextChoices):
    """What a peer's list holds, and so which list of the policy it adds to."""

    CALLERS = "reported-callers", "Calling numbers that others reported"
    BARRED = "upstream-barred", "Numbers that another network carries no calls to"
    SOURCES = "reported-sources", "Addresses that others reported"


class PeerList(models.Model):
    """What another network or a public body lists. `provenance`: where it is from; `fresh_until`: by when it should come again."""

    name = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=20, choices=ListKind.choices)
    peer = models.ForeignKey(Peer, null=True, on_delete=models.PROTECT, related_name="lists")
    provenance = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    taken = models.DateTimeField()
    taken_by = models.CharField(max_length=64)
    fresh_until = models.DateTimeField()


class PeerEntry(models.Model):
    """A number, the digits that numbers begin with, or a network. It counts from `since` until `until`, or until it is `gone`."""

    list = models.ForeignKey(PeerList, on_delete=models.PROTECT, related_name="entries")
    entry = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    gone = models.DateTimeField(null=True)

    class Meta:
        """What the database holds it to, and finds it by."""

        constraints = (
            models.UniqueConstraint(fields=("list", "entry"), condition=models.Q(gone__isnull=True), name="complaints_one_entry"),
        )
        indexes = (
            models.Index(fields=("entry", "until"), name="complaints_peer_entry"),
            models.Index(fields=("until",), name="complaints_entry_until", condition=models.Q(gone__isnull=True)),
        )


class RightsState(models.TextChoices):
    """Where a notice of a right stands."""

    PASSED = "passed", "Passed on: the party may answer"
    COUNTERED = "countered", "A counter-notice came"
    UPHELD = "upheld", "The right was infringed"
    RESTORED = "restored", "What was taken down is back"
    REJECTED = "rejected", "No infringement"


class RightsNotice(models.Model):
    """Somebody says that a party infringes a right. An upheld one counts against `party` for a year."""

    complaint = models.OneToOneField(Complaint, on_delete=models.PROTECT, related_name="rights")
    party = models.CharField(max_length=128)
    work = models.CharField(max_length=300)
    holder = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=RightsState.choices, default=RightsState.PASSED)
    passed = models.DateTimeField()
    passed_by = models.CharField(max_length=64)
    opened = models.DateTimeField(null=True)
    counter = models.TextField(blank=True)
    countered = models.DateTimeField(null=True)
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True)
    reasons = models.TextField(blank=True)

    class Meta:
        """What the database finds it by."""

        indexes = (
            models.Index(fields=("party", "state", "settled"), name="complaints_rights_party"),
            models.Index(fields=("state", "-passed"), name="complaints_rights_state"),
        )


class MarkPermission(models.Model):
    """A party may use a name or mark, in writing, for `use`, over a span. A revoked one ends at once."""

    party = models.CharField(max_length=128)
    mark = models.CharField(max_length=128)
    use = models.CharField(max_length=300)
    reference = models.CharField(max_length=200)
    granted = models.DateTimeField()
    granted_by = models.CharField(max_length=64)
    until = models.DateTimeField()
    revoked = models.DateTimeField(null=True)

    class Meta:
        """What the database finds it by."""

        indexes = (models.Index(fields=("party", "mark"), name="complaints_mark_party"),)
