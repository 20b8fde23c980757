"""What crosses between processes: one type a module, with JSON Schemas and golden files under `tests`.

Every type is frozen, carries its version `v`, refuses unknown fields when it is configuration and ignores them in a feed
record (so a reader may be older than its writer). Changing a field's meaning needs a new `v`.
"""

from ringfence.vocabulary.contracts.ask import Ask
from ringfence.vocabulary.contracts.brought import BroughtEntry, BroughtList
from ringfence.vocabulary.contracts.desk_event import DeskEvent
from ringfence.vocabulary.contracts.event import Event, EventKind
from ringfence.vocabulary.contracts.finding import Charge, Evidence, Finding, Subject, Window, finding_id
from ringfence.vocabulary.contracts.observation import Observation, ObservationKind, Use
from ringfence.vocabulary.contracts.order import DEEDS, Action, ActionKind, CallClass, Order, OrderChange, Scope
from ringfence.vocabulary.contracts.receipt import Receipt, ReceiptState
from ringfence.vocabulary.contracts.reference import (
    AccountLink,
    BlockLink,
    ExemptionLink,
    NumberLink,
    PartyLink,
    PresentationRight,
    Reference,
    RulingLink,
    TrunkLink,
    merged,
)
from ringfence.vocabulary.contracts.traffic_profile import TrafficProfile
from ringfence.vocabulary.contracts.verdict import Verdict, VerdictAction

__all__ = [
    "DEEDS",
    "AccountLink",
    "Action",
    "ActionKind",
    "Ask",
    "BlockLink",
    "BroughtEntry",
    "BroughtList",
    "CallClass",
    "Charge",
    "DeskEvent",
    "Event",
    "EventKind",
    "Evidence",
    "ExemptionLink",
    "Finding",
    "NumberLink",
    "Observation",
    "ObservationKind",
    "Order",
    "OrderChange",
    "PartyLink",
    "PresentationRight",
    "Receipt",
    "ReceiptState",
    "Reference",
    "RulingLink",
    "Scope",
    "Subject",
    "TrafficProfile",
    "TrunkLink",
    "Use",
    "Verdict",
    "VerdictAction",
    "Window",
    "finding_id",
    "merged",
]
