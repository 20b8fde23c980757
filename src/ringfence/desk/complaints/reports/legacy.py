"""X-ARF of versions alpha to 3: JSON with `ReporterInfo` and `Report`, read however old, with what is wrong told beside it."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ringfence.desk.complaints.reports import shapes
from ringfence.desk.complaints.reports.report import Evidence, Problem, Report, ReportFormat
from ringfence.desk.complaints.reports.shapes import Check, problems_of
from ringfence.vocabulary.times import Micros, from_iso

_VERSIONS: Final = ("alpha", "1", "2", "3", "development")
_LONGEST_NOTES: Final = 20_000
_MOST_EVIDENCE: Final = 100
_HASHES: Final = ("sha1", "sha2", "sha3", "sha256", "sha512", "md5", "argon2id", "scrypt", "bcrypt", "pbkdf2")


class _Kind(NamedTuple):
    """What a type of report must have. `by`: how its source is named."""

    report_class: str
    by: str = "address or url"
    required: tuple[str, ...] = ()


_KINDS: Final = {
    "Botnet": _Kind("Content"),
    "ChildAbuse": _Kind("Content"),
    "ChildSexualAbuseMaterial": _Kind("Content"),
    "Copyright": _Kind("Content", required=("InfringedMaterial", "FileName")),
    "DOS": _Kind("Activity", "address"),
    "Exploit": _Kind("Activity", "address"),
    "Harassment": _Kind("Activity", required=("Harasser", "HarassmentDescription")),
    "LoginAttack": _Kind("Activity", "address"),
    "Malware": _Kind("Content"),
    "OpenService": _Kind("Vulnerability", required=("ServiceName",)),
    "Phishing": _Kind("Content", required=("SourceUrl",)),
    "PortScan": _Kind("Activity", "address"),
    "PotentiallyCompromisedAccount": _Kind("Activity", "account"),
    "Spam": _Kind("Activity", "address"),
    "Trademark": _Kind("Content", required=("TrademarkedMaterial",)),
    "WebCrawler": _Kind("Activity"),
}
_BEFORE_3: Final = ("alpha", "1", "2")
_REWRITE: Final = _Kind("Activity", "address")
"""Malware that a resolver kept people from: its subtype is RPZ-Rewrite."""

_CONTACT: Final[dict[str, Check]] = {
    **dict.fromkeys(("Org", "ContactName", "ContactPhone"), shapes.at_least(3)),
    **dict.fromkeys(("OrgEmail", "ContactEmail"), shapes.mail),
    "OrgDomain": shapes.host_name,
    "OrgAddress": shapes.text,
    "Type": shapes.one_of("Org", "Person"),
}
_FIELDS: Final[dict[str, Check]] = {
    "ReportClass": shapes.one_of("Content", "Activity", "Vulnerability"),
    "ReportType": shapes.at_least(1),
    **dict.fromkeys(("Date", "FirstSeen"), shapes.moment),
    **dict.fromkeys(("SourceIp", "DestinationIp", "AttackerIp"), shapes.address),
    **dict.fromkeys(("SourcePort", "DestinationPort", "AttackerPort"), shapes.port),
    "ASN": shapes.whole(1, 4_199_999_999),
    **dict.fromkeys(("SourceUrl", "InfringingUrl", "CourtOrder"), shapes.url),
    **dict.fromkeys(("SmtpMailFromAddress", "SmtpRcptToAddress", "FromAddress", "ToAddress"), shapes.mail),
    **dict.fromkeys(("ReportSubType", "ReporterCaseID", "ReporterNotes", "BotnetName", "MalwareName", "ThreatActor"), shapes.text),
    **dict.fromkeys(
        ("InfringedMaterial", "MaterialType", "SharingProtocol", "FileName", "ServiceName", "ServiceVersion"), shapes.text
    ),
    **dict.fromkeys(("TrademarkedMaterial", "RegistrationOffice", "RegistrationNumber"), shapes.text),
    **dict.fromkeys(("Harasser", "HarassmentDescription"), shapes.text),
    "HarassmentType": shapes.one_of("doxing", "stalking", "sexual", "believes", "defamation", "extortion", "hate"),
    "HarassmentLocation": shapes.one_of("website", "chat", "game"),
    "ReporterSeverity": shapes.one_of("low", "medium", "high"),
    "RpzDomain": shapes.host_name,
    "Ongoing": shapes.truth,
    "FileSize": shapes.whole(0),
    **dict.fromkeys(("ByteCount", "PacketCount"), shapes.whole()),
    "TransportProtocol": shapes.one_of("tcp", "udp"),
    "CVE": shapes.matching(r"CVE-\d{4}-\d{4,7}", "CVE number"),
}
_SAMPLE: Final[dict[str, Check]] = {
    **dict.fromkeys(("ContentType", "Description", "Payload", "FileName"), shapes.text),
    "Base64Encoded": shapes.truth,
    "FileSize": shapes.whole(0),
}


def is_legacy(data: object) -> bool:
    """Tell whether JSON looks like X-ARF before version 4."""
    return isinstance(data, dict) and ("ReporterInfo" in data or "Report" in data)


def read_legacy(data: Mapping[str, object]) -> Report:
    """Return what the report says, with every problem that its version's description would have found, and never raise."""
    report, reporter = _held(data, "Report"), _held(data, "ReporterInfo")
    account = _held(report, "Account")
    source = _held(report, "Source")
    return Report(
        format=ReportFormat.X_ARF,
        version=_text(data.get("Version")) or "alpha",
        about="/".join(filter(None, (_text(report.get(name)) for name in ("ReportClass", "ReportType", "ReportSubType")))),
        reporter=_text(reporter.get("ReporterOrg")) or _text(reporter.get("ReporterContactName")),
        reporter_mail=_text(reporter.get("ReporterContactEmail")) or _text(reporter.get("ReporterOrgEmail")),
        reference=_text(report.get("ReporterCaseID")),
        happened=_moment(report.get("Date")),
        addresses=_named(shapes.address, report.get("SourceIp"), source.get("IP")),
        accounts=_named(shapes.text, account.get("AccountIdentifier"), account.get("AccountEmail"), report.get("Harasser")),
        urls=_named(shapes.url, report.get("SourceUrl"), source.get("URL")),
        notes=(_text(report.get("ReporterNotes")) or _text(report.get("HarassmentDescription")) or "")[:_LONGEST_NOTES],
        evidence=tuple(_evidence(report)),
        problems=tuple(_problems(data)),
    )


def _held(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value[:_LONGEST_NOTES] if isinstance(value, str) and value else None


def _moment(value: object) -> Micros | None:
    return from_iso(value) if isinstance(value, str) and shapes.moment(value) is None else None


def _named(check: Check, *values: object) -> tuple[str, ...]:
    return tuple(value[:_LONGEST_NOTES] for value in values if isinstance(value, str) and value and check(value) is None)


def _evidence(report: Mapping[str, object]) -> Iterator[Evidence]:
    listed = report.get("Samples", report.get("Attachment"))
    for sample in (listed if isinstance(listed, list) else [])[:_MOST_EVIDENCE]:
        if isinstance(sample, dict) and (payload := _payload(sample)) is not None:
            kind, description = _text(sample.get("ContentType")), _text(sample.get("Description"))
            yield Evidence(content_type=kind or "application/octet-stream", description=description or "", data=payload)


def _payload(sample: Mapping[str, object]) -> bytes | None:
    """Return a sample's bytes. A flag that lies about base64 costs the decoding, not the sample."""
    written = sample.get("Payload", sample.get("Data"))
    if not isinstance(written, str):
        return None
    if sample.get("Base64Encoded") is True or "Data" in sample:
        try:
            return b64decode(written, validate=True)
        except (NotBase64, ValueError):
            pass
    return written.encode("utf-8", "surrogatepass")


def _problems(data: Mapping[str, object]) -> Iterator[Problem]:
    version = data.get("Version", "alpha")
    dialect = isinstance(version, str) and version.startswith("3.")
    if version not in _VERSIONS and not dialect:
        yield Problem("Version", f"is none of {', '.join(_VERSIONS)}")
    if not isinstance(data.get("Disclosure"), bool):
        yield Problem("Disclosure", "is missing" if "Disclosure" not in data else "is neither true nor false")
    yield from _contact_problems(data.get("ReporterInfo"), "Reporter", "ReporterInfo/", closed=version != "alpha")
    if "OnBehalfOf" in data:
        yield from _contact_problems(data["OnBehalfOf"], "Complainant", "OnBehalfOf/", closed=False)
    yield from _processing_problems(data.get("InternalProcessing", {}))
    report = data.get("Report")
    if isinstance(report, dict):
        yield from problems_of(report, {} if dialect else _FIELDS, under="Report/", required=("ReportClass", "ReportType", "Date"))
        # A later writer of "3.0.0" has other types and names the source within an object.
        yield from () if dialect else _report_problems(report, old=version in _BEFORE_3)
    else:
        yield Problem("Report", "is missing" if report is None else "is no object")


def _contact_problems(contact: object, prefix: str, under: str, *, closed: bool) -> Iterator[Problem]:
    if not isinstance(contact, dict):
        yield Problem(under.rstrip("/"), "is missing")
        return
    checks = {prefix + name: check for name, check in _CONTACT.items()}
    person = contact.get(f"{prefix}Type") == "Person"
    required = () if person else tuple(prefix + name for name in ("Org", "OrgDomain", "OrgEmail"))
    yield from problems_of(contact, checks, under=under, required=required)
    if closed:
        yield from (Problem(under + name, "is no field of it") for name in contact if name not in checks)


def _processing_problems(processing: object) -> Iterator[Problem]:
    """Check what was meant for the receiver's own automation. It is not believed, only held to its form."""
    if not isinstance(processing, dict):
        yield Problem("InternalProcessing", "is no object")
        return
    for holder, data in (("SubscriberInformation", "SubscriberData"), ("ContractInformation", "ResolverData")):
        held = _held(processing, holder)
        yield from problems_of(held, {"ID": shapes.text}, under=f"InternalProcessing/{holder}/")
        values = _held(held, data)
        yield from problems_of(values, dict.fromkeys(values, shapes.text), under=f"InternalProcessing/{holder}/{data}/")
    tags = processing.get("EventTags", [])
    if not isinstance(tags, list) or any(shapes.text(tag) for tag in tags):
        yield Problem("InternalProcessing/EventTags", "is no list of texts")


def _report_problems(report: Mapping[str, object], *, old: bool) -> Iterator[Problem]:
    name = str(report.get("ReportType"))
    kind = _REWRITE if name == "Malware" and report.get("ReportClass") == "Activity" else _KINDS.get(name)
    if kind is None:
        yield Problem("Report/ReportType", "is no type that is known")
    else:
        if report.get("ReportClass") != kind.report_class:
            yield Problem("Report/ReportClass", f"is not {kind.report_class}, the class of {name}")
        if kind is _REWRITE and report.get("ReportSubType") != "RPZ-Rewrite":
            yield Problem("Report/ReportSubType", "is not RPZ-Rewrite")
        required = ("SourceUrl",) if old and name == "Malware" and kind is not _REWRITE else kind.required
        yield from problems_of(report, {}, under="Report/", required=required)
        yield from _source_problems(report, kind.by)
    yield from _custom_problems(report.get("Custom", {}))
    yield from _hash_problems(report)
    yield from _rating_problems(report.get("CVSS", {}))
    if "Samples" in report:
        yield from _sample_problems(report["Samples"])


def _source_problems(report: Mapping[str, object], by: str) -> Iterator[Problem]:
    named = [name for name in ("SourceIp", "SourceUrl") if name in report]
    if by == "account":
        account = report.get("Account")
        if not isinstance(account, dict) or not account:
            yield Problem("Report/Account", "is missing or empty")
        elif shapes.text(identifier := account.get("AccountIdentifier", "")) or shapes.mail(identifier) is None:
            yield Problem("Report/Account/AccountIdentifier", "is no text, or a mail address, which has a field of its own")
        yield from (Problem(f"Report/{name}", "does not belong in a report about an account") for name in named)
    elif not named or (by == "address" and "SourceIp" not in named):
        yield Problem("Report/SourceIp", "is missing")


def _custom_problems(custom: object) -> Iterator[Problem]:
    if not isinstance(custom, dict):
        yield Problem("Report/Custom", "is no object")
        return
    for name, value in custom.items():
        if shapes.text(value) and shapes.whole()(value):
            yield Problem(f"Report/Custom/{name}", "is neither text nor a whole number")


def _hash_problems(holder: Mapping[str, object]) -> Iterator[Problem]:
    """Check a file's hash: text before version 3, an object since."""
    value = holder.get("FileHash", "")
    if isinstance(value, dict):
        checks = {"HashValue": shapes.text, "HashAlgorithm": shapes.one_of(*_HASHES), "HashComplete": shapes.truth}
        yield from problems_of(value, checks, under="Report/FileHash/", required=("HashValue", "HashAlgorithm"))
    elif shapes.text(value):
        yield Problem("Report/FileHash", "is neither text nor an object")


def _rating_problems(rating: object) -> Iterator[Problem]:
    if not isinstance(rating, dict):
        yield Problem("Report/CVSS", "is no object")
    elif rating:
        old = rating.get("Version") == "2"
        vector = shapes.matching(r"\(?AV:\S+" if old else r"CVSS:3\.[01]/AV:\S+", "vector of its version")
        checks = {"Version": shapes.one_of("2", "3.0", "3.1"), "Vector": vector, "Score": shapes.number, "Severity": shapes.text}
        yield from problems_of(rating, checks, under="Report/CVSS/", required=("Version", "Vector"))


def _sample_problems(samples: object) -> Iterator[Problem]:
    if not isinstance(samples, list) or not samples:
        yield Problem("Report/Samples", "is no list with something in it")
        return
    for place, sample in enumerate(samples):
        under = f"Report/Samples/{place}/"
        if not isinstance(sample, dict):
            yield Problem(under.rstrip("/"), "is no object")
        elif "FileName" not in sample:
            yield from problems_of(sample, _SAMPLE, under=under, required=("ContentType", "Payload"))
        else:
            yield from problems_of(sample, _SAMPLE, under=under)
