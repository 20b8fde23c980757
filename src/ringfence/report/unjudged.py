"""What could not be judged, for lack of which input: so that nobody takes silence for innocence."""

from dataclasses import dataclass

from ringfence.report.collector import Collector
from ringfence.report.inputs import Given, Read
from ringfence.report.writing import counted
from ringfence.vocabulary.contracts import EventKind


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What could not be judged, why, and what would help."""

    what: str
    why: str
    helps: str


def unjudged(collector: Collector, read: Read, given: Given) -> list[Unjudged]:
    """Return what is missing, the most consequential first."""
    found = [*_who(collector, given), *_traffic(collector), *_quiet_rules(collector), *_reading(read, given)]
    found.append(
        Unjudged("destinations by price class, and what the calls cost", "no rate deck was given", "this version reads none yet")
    )
    return found


def _who(collector: Collector, given: Given) -> list[Unjudged]:
    totals = collector.totals
    everything = sum(totals.events.values())
    found = []
    if everything and not totals.attributed:
        helps = (
            "give --trunks, with the address or user of each trunk and its account"
            if not given.trunks
            else "see whether --trunks names the addresses seen here"
        )
        found.append(Unjudged("which customer answers for the traffic", "nothing in it names an account", helps))
    elif totals.attributed < everything:
        missing = everything - totals.attributed
        why = f"{missing:,} of {everything:,} events name no account and come from no known trunk"
        found.append(
            Unjudged("which customer answers for part of the traffic", why, "give --trunks for the sources without a name")
        )
    if totals.attributed and not given.accounts:
        found.append(Unjudged("which reseller or party stands above an account", "no accounts file was given", "give --accounts"))
    if totals.attributed and not totals.planned:
        found.append(
            Unjudged(
                "accounts against others of their plan, and what a plan allows",
                "no plan is known",
                "give --accounts with the column plan",
            )
        )
    if totals.events[EventKind.ATTEMPT] and not given.numbers:
        found.append(Unjudged("whether callers used numbers they hold", "no numbers file was given", "give --numbers"))
    return found


def _traffic(collector: Collector) -> list[Unjudged]:
    events = collector.totals.events
    found = []
    if events[EventKind.ATTEMPT] and not events[EventKind.ANSWER]:
        found.append(
            Unjudged(
                "lengths of calls, and the share that was answered",
                "no answer is in the recording",
                "record where both directions pass",
            )
        )
    if not events[EventKind.ATTEMPT]:
        found.append(Unjudged("calls", "no call attempt is in the recording", "give call records, or a capture of INVITE"))
    if not events[EventKind.REGISTRATION]:
        found.append(
            Unjudged(
                "who registers as whom, and guessing of passwords",
                "no registration is in the recording",
                "give a capture of the registrar's traffic",
            )
        )
    if events[EventKind.ATTEMPT] and not collector.totals.attested:
        found.append(
            Unjudged(
                "whether callers' numbers were vouched for",
                "no record names an attestation",
                "give call records with the column attestation",
            )
        )
    return found


def _quiet_rules(collector: Collector) -> list[Unjudged]:
    return [
        Unjudged(
            f"rule {tracks.rule.name}", f"no {tracks.rule.on} in the recording is of the kind it looks at", "see its text below"
        )
        for tracks in collector.tracks.values()
        if tracks.looked_at == 0
    ]


def _reading(read: Read, given: Given) -> list[Unjudged]:
    found = []
    if not given.timezone and any("no zone" in problem.cause for file in read.files for problem in file.problems):
        found.append(
            Unjudged("rows whose times name no zone", "where they were written is not known", "give --timezone, as Europe/Vienna")
        )
    encrypted = sum(file.capture.encrypted_streams for file in read.files if file.capture)
    if encrypted:
        found.append(
            Unjudged(
                counted(encrypted, "encrypted connection"),
                "encrypted signalling can't be read from a capture",
                "mirror it from the server by HEP, or give call records",
            )
        )
    if read.skipped:
        found.append(Unjudged(counted(len(read.skipped), "file"), "their format is unknown", "see the table of files"))
    return found
