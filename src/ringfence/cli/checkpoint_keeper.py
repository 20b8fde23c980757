"""Has checkpoints written by a copy of live watch, so that traffic need not wait until all that is remembered was read and written.

`fork` gives the copy the memory as it is at that moment. What either changes afterwards the other does not see, and only the pages
that change are copied. The copy writes a draft and ends. Watch itself puts the draft in its place: a copy that outlives a killed
watch changes nothing. Where no copy can be made, watch writes the checkpoint itself.
"""

import asyncio
import gc
import os
import signal
import time
import traceback
from pathlib import Path
from typing import Final

from ringfence.watch.lake import Checkpoint, draft_checkpoint, drop_drafts, put_checkpoint, write_checkpoint
from ringfence.watch.live import Log, Pipeline

RESTS: Final = 4
"""The next copy is made no sooner than after so many times as long as the last one took."""
_KEPT: Final = 3
"""The files of a copy that stay open: the standard ones. A socket or a lock of watch's own must be free when watch is gone."""
_UNKNOWN: Final = 255
_NICE: Final = 5


class CheckpointKeeper:
    """Writes what `pipeline` remembers to `folder`. `begin` is to be called between turns, by whoever may call the pipeline."""

    def __init__(self, folder: Path, pipeline: Pipeline, log: Log) -> None:
        self.saved = 0
        """The number of the journal's last batch that is in a checkpoint of this process."""
        self._folder = folder
        self._pipeline = pipeline
        self._log = log
        self._writing: asyncio.Task[None] | None = None
        self._not_before = 0.0
        drop_drafts(folder)

    @property
    def is_due(self) -> bool:
        """Tell whether another may be begun: none is being written, and the last one did not take long."""
        return self._writing is None and time.monotonic() >= self._not_before

    def begin(self) -> int | None:
        """Make a copy that writes a draft; return its process id, for `follow`. `None` where there is nothing to wait for."""
        if not self._pipeline.is_whole:
            return None
        watch = os.getpid()
        try:
            copy = os.fork()
        except OSError as error:
            self._log.warning("checkpoint.no-copy", cause=str(error), hint="traffic waits while watch writes it; free memory")
            self.write()
            return None
        if copy == 0:
            self._be_copy(watch)
        return copy

    def follow(self, copy: int) -> None:
        """Put the draft of the copy in its place as soon as it is written."""
        self._writing = asyncio.create_task(self._followed(copy, self._pipeline.kept, time.monotonic()))

    async def stop(self) -> None:
        """Wait until nothing is being written."""
        if self._writing is not None:
            await self._writing

    def write(self) -> None:
        """Write one at once."""
        checkpoint = self._pipeline.checkpoint()
        if checkpoint is not None:
            self._write(checkpoint)

    def _write(self, checkpoint: Checkpoint) -> None:
        try:
            write_checkpoint(self._folder, checkpoint)
            self.saved = checkpoint.journal
        except OSError as error:
            self._failed(str(error))

    def _be_copy(self, watch: int) -> None:
        """Write the draft, if the process `watch` is still there for it, and end: nothing else of watch may run here."""
        code = _UNKNOWN
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, and meant for watch
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.closerange(_KEPT, os.sysconf("SC_OPEN_MAX"))
            gc.disable()
            os.nice(_NICE)
            checkpoint = self._pipeline.checkpoint()
            if checkpoint is not None and os.getppid() == watch:
                draft_checkpoint(self._folder, checkpoint)
                code = 0
        except OSError as error:
            code = error.errno or _UNKNOWN
        except BaseException:  # noqa: BLE001 - the outermost frame of a process
            traceback.print_exc()
        finally:
            os._exit(code)

    async def _followed(self, copy: int, journal: int, begun: float) -> None:
        _, status = await asyncio.to_thread(os.waitpid, copy, 0)
        code = os.waitstatus_to_exitcode(status)
        self._not_before = time.monotonic() + RESTS * (time.monotonic() - begun)
        try:
            if code == 0:
                await asyncio.to_thread(put_checkpoint, self._folder, copy)
                self.saved = journal
            else:
                self._failed(os.strerror(code) if 0 < code < _UNKNOWN else f"the copy that wrote it ended with {code}")
        except OSError as error:
            self._failed(str(error))
        finally:
            self._writing = None

    def _failed(self, cause: str) -> None:
        self._log.error("checkpoint.not-written", cause=cause, hint="free space; the one before stays")
