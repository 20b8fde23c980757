"""Numbered, resumable feeds between the processes of one machine, as fsynced segment files (ADR 0001)."""

from ringfence.feeds.errors import FeedBusy, FeedDamaged, FeedError, FeedGap
from ringfence.feeds.segments import FeedReader, FeedWriter, Record

__all__ = ["FeedBusy", "FeedDamaged", "FeedError", "FeedGap", "FeedReader", "FeedWriter", "Record"]
