"""Where findings, observations and the word on watch's own health go."""

from ringfence.watch.sinks.desk_feeds import FINDINGS, OBSERVATIONS, DeskFeeds
from ringfence.watch.sinks.health_file import write_health

__all__ = ["FINDINGS", "OBSERVATIONS", "DeskFeeds", "write_health"]
