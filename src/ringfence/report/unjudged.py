"""What could not be judged, for lack of which input: so that nobody takes silence for innocence."""

from collections import Counter
from dataclasses import dataclass

from ringfence.policy.expressions import Call
from ringfence.policy.functions import FUNCTIONS, Needs
from ringfence.policy.plan import Rule
from ringfence.policy.trees import fields_in, parts
from ringfence.report.collector import Collector
from ringfence.report.inputs import Given, Read
from ringfence.report.rates import UNLISTED
from ringfence.report.spending import ClassKey
from ringfence.vocabulary.contracts import EventKind
from ringfence.watch.windows.fitting import expressions_of
from ringfence.words.writing import counted


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What could not be judged, why, and what would help."""

    what: str
    why: str
    helps: str


def unjudged(collector: Collector, read: Read, given: Given) -> list[Unjudged]:
    """Return what is missing, the most consequential first. Of a recording whose events nobody looked at, what its files tell."""
    totals = collector.totals
    events = _events_of_records(read) if totals.is_partial else totals.events
    found = [
        *_who(collector, events, given),
        *_traffic(collector, events),
        *_quiet_rules(collector, events),
        *_rules_without(collector, read, given),
        *_reading(read, given),
    ]
    return [*found, *_prices(collector, events, given)]


def _events_of_records(read: Read) -> Counter[EventKind]:
    """Return at least which kinds of events there were where only call records were read, each of which is an attempt."""
    return Counter({EventKind.ATTEMPT: records} if (records := sum(file.records for file in read.files)) else {})


def _who(collector: Collector, events: Counter[EventKind], given: Given) -> list[Unjudged]:
    totals = collector.totals
    everything = sum(events.values())
    found = []
    if totals.is_partial:
        pass  # who was attributed was not looked at
    elif everything and not totals.attributed:
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
    if (totals.attributed or totals.is_partial) and not given.accounts:
        found.append(Unjudged("which reseller or party stands above an account", "no accounts file was given", "give --accounts"))
    if (totals.attributed and not totals.planned) or (totals.is_partial and not given.accounts):
        found.append(
            Unjudged(
                "accounts against others of their plan, and what a plan allows",
                "no plan is known",
                "give --accounts with the column plan",
            )
        )
    if events[EventKind.ATTEMPT] and not given.numbers:
        found.append(Unjudged("whether callers used numbers they hold", "no numbers file was given", "give --numbers"))
    return found


def _traffic(collector: Collector, events: Counter[EventKind]) -> list[Unjudged]:
    is_partial = collector.totals.is_partial
    found = []
    if events[EventKind.ATTEMPT] and not events[EventKind.ANSWER] and not is_partial:
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
                "give a capture of the registrar's traffic, or the switch's security log",
            )
        )
    if events[EventKind.ATTEMPT] and not collector.totals.attested and not is_partial:
        found.append(
            Unjudged(
                "whether callers' numbers were vouched for",
                "no record names an attestation",
                "give call records with the column attestation",
            )
        )
    return found


def _rules_without(collector: Collector, read: Read, given: Given) -> list[Unjudged]:
    """Return what rules read that nobody gave: such a rule finds nothing, which is no innocence."""
    found = []
    rules = [looking.rule for looking in collector.rules.values()]
    locating = [rule.name for rule in rules if Needs.ADDRESSES in _needs(rule)]
    if locating and not given.countries:
        helps = "give --countries, a database of addresses (.mmdb) or a table network,country"
        found.append(Unjudged(_named(locating), "no countries of addresses were given", helps))
    identifying = [rule.name for rule in rules if "verification" in fields_in(*expressions_of(rule))]
    if identifying and not given.certificates and any(file.capture for file in read.files):
        found.append(
            Unjudged(_named(identifying), "no certificates were given", "give --certificates, a folder; see docs/identity.md")
        )
    return found


def _needs(rule: Rule) -> set[Needs]:
    calls = [part for part in parts(*expressions_of(rule)) if isinstance(part, Call)]
    return {need for call in calls for need in FUNCTIONS[call.function].needs}


def _named(names: list[str]) -> str:
    return f"rule{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _prices(collector: Collector, events: Counter[EventKind], given: Given) -> list[Unjudged]:
    what = "destinations by price class, and what the calls cost"
    if given.rates is None:
        return [Unjudged(what, "no rate deck was given", "give --rates, with the columns prefix,class,price_per_minute,currency")]
    if not events[EventKind.ATTEMPT] or collector.spending is None:
        return []
    found = []
    spent = collector.spending.classes
    unlisted = spent.get(ClassKey(UNLISTED.name, ""))
    if unlisted is not None and unlisted.attempts:
        why = f"{counted(unlisted.attempts, 'attempt')} went to numbers that begin with no prefix of the rate deck"
        found.append(Unjudged(what, why, "add their prefixes to the rate deck"))
    if not given.rates.has_prices:
        found.append(
            Unjudged("what the calls cost", "the rate deck tells no prices", "add the columns price_per_minute and currency to it")
        )
    return found


def _quiet_rules(collector: Collector, events: Counter[EventKind]) -> list[Unjudged]:
    closely = collector.looks_at_events
    return [
        Unjudged(
            f"rule {looking.rule.name}",
            f"no {looking.rule.on} in the recording is of the kind it looks at",
            "see what the rule says",
        )
        for looking in collector.rules.values()
        if (looking.looked_at == 0 if closely else _is_unseen(collector, events, looking.rule))
    ]


def _is_unseen(collector: Collector, events: Counter[EventKind], rule: Rule) -> bool:
    """Tell whether nothing in the recording is of a kind that the rule is on. Call records give no requests."""
    kinds = {rule.on, *rule.also_on}
    if collector.totals.is_partial:
        return kinds.isdisjoint((EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END))
    return not any(events[kind] for kind in kinds)


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
