"""What watch keeps: the journal of what it consumed, checkpoints of what it remembers, and the history of traffic in Parquet."""

from ringfence.watch.lake.checkpoint import (
    Checkpoint,
    CheckpointDamaged,
    draft_checkpoint,
    drop_drafts,
    put_checkpoint,
    read_checkpoints,
    write_checkpoint,
)
from ringfence.watch.lake.journal import Batch, Journal, JournalReader
from ringfence.watch.lake.places import Place, PlaceKey, lay_over
from ringfence.watch.lake.references import ReferenceDamaged, References

__all__ = [
    "Batch",
    "Checkpoint",
    "CheckpointDamaged",
    "Journal",
    "JournalReader",
    "Place",
    "PlaceKey",
    "ReferenceDamaged",
    "References",
    "draft_checkpoint",
    "drop_drafts",
    "lay_over",
    "put_checkpoint",
    "read_checkpoints",
    "write_checkpoint",
]
