"""A rule's claims, written so that they can be contested."""

from ringfence.watch.findings.explained import Explainer
from ringfence.watch.findings.subjects import subject_fields, subject_of

__all__ = ["Explainer", "subject_fields", "subject_of"]
