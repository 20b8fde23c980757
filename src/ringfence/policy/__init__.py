"""The policy bundle: text, rules, ladder, lists; checked, compiled to a plan. Pure: bytes in, objects or errors out."""

from ringfence.policy.bundle import Bundle, canonical_hash, load
from ringfence.policy.clauses import ClauseText
from ringfence.policy.folder import read_folder, with_packs
from ringfence.policy.ladder import Ladder, Step, StepAction, Strikes
from ringfence.policy.lists import ListRow
from ringfence.policy.problems import BundleRefused, PolicyError, Problem, render
from ringfence.policy.settings import Settings

__all__ = [
    "Bundle",
    "BundleRefused",
    "ClauseText",
    "Ladder",
    "ListRow",
    "PolicyError",
    "Problem",
    "Settings",
    "Step",
    "StepAction",
    "Strikes",
    "canonical_hash",
    "load",
    "read_folder",
    "render",
    "with_packs",
]
