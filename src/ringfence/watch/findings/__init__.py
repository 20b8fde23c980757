"""A rule's claims, written so that they can be contested."""

from ringfence.watch.findings.as_events import event_of
from ringfence.watch.findings.explained import Explainer
from ringfence.watch.findings.subjects import subject_fields, subject_of, subject_of_key

__all__ = ["Explainer", "event_of", "subject_fields", "subject_of", "subject_of_key"]
