"""What live watch keeps: the journal of what it consumed, and checkpoints of what it remembers."""

from ringfence.watch.lake.checkpoint import Checkpoint, CheckpointDamaged, read_checkpoints, write_checkpoint
from ringfence.watch.lake.journal import Batch, Journal
from ringfence.watch.lake.places import Place, PlaceKey, lay_over

__all__ = [
    "Batch",
    "Checkpoint",
    "CheckpointDamaged",
    "Journal",
    "Place",
    "PlaceKey",
    "lay_over",
    "read_checkpoints",
    "write_checkpoint",
]
