"""Writes the log on its own thread.

    offered ──▶ queued ──▶ rows in memory ──▶ a file, when they are many or old
       └──▶ dropped, when the limit of rows in memory is reached

After a failure of the sink the next attempt is delayed, longer each time, while rows are kept up to the limit. Requests
never wait.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from serving.observation import logs
from serving.observation.metrics import LOG_WRITES, LOGGED_ROWS
from serving.observation.prediction_log.options import Options
from serving.observation.prediction_log.rows import Entry, RowMaker
from tenure.errors import TenureError, one_line
from tenure.privacy import Pseudonyms

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 100_000
"""The limit of rows in memory."""
FILE_ROWS = 20_000
_POLL_S = 0.1
BATCH_ROWS = 512
_SLICE_ROWS = 32
"""Rows converted without a pause, in about 0.3 ms; then the event loop can run."""
_PAUSE_S = 0.0005
_FIRST_DELAY_S, _LONGEST_DELAY_S = 1.0, 60.0


class WriteFile(Protocol):
    """Writes one file; see ``Sink``."""

    def write(self, batches: list[pa.RecordBatch]) -> str: ...


class Writer:
    """Accepts entries on the event loop, and writes them on its thread.

    Args:
        pseudonyms: for customers' keys; with None keys are not logged.
        max_rows: rows in memory at most; entries beyond are dropped and counted.
        file_rows, file_s: number of rows, and age of the first row, at which a file is written.
    """

    def __init__(
        self,
        sink: WriteFile,
        pseudonyms: Pseudonyms | None,
        *,
        max_rows: int = MAX_ROWS,
        file_rows: int = FILE_ROWS,
        file_s: float = Options.flush_s,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._pseudonyms = pseudonyms
        self._max_rows, self._file_rows, self._file_s = max_rows, file_rows, file_s
        self._clock = clock
        self._waiting: deque[Entry] = deque()
        # Each is written by one thread only; their difference is the number of rows in memory.
        self._offered = 0
        self._settled = 0
        self._files: dict[tuple[str, str], _File] = {}
        self._since_pause = 0
        self._delay_s = 0.0
        self._try_at = 0.0
        self._stop = threading.Event()
        self._dropped = LOGGED_ROWS.labels("dropped")
        self._written = LOGGED_ROWS.labels("written")
        self._lost = LOGGED_ROWS.labels("lost")
        self._writes_ok, self._writes_failed = LOG_WRITES.labels("ok"), LOG_WRITES.labels("failed")
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, entry: Entry) -> None:
        """Queue an entry, or drop it if the limit is reached; returns at once."""
        rows = entry.rows
        if self._offered - self._settled + rows > self._max_rows:
            self._dropped.inc(rows)
            return
        self._offered += rows
        self._waiting.append(entry)

    def close(self, timeout_s: float) -> None:
        """Write all rows, trying a failed sink once more; rows not written after ``timeout_s`` are lost."""
        self._stop.set()
        self._thread.join(timeout_s)
        left = self._offered - self._settled
        if left:
            self._lost.inc(left)
            logs.server.error("rows of the prediction log are lost", extra={"fields": {"rows": left}})

    def _run(self) -> None:
        while not self._stop.wait(_POLL_S):
            self._turn(at_the_end=False)
        self._try_at = 0.0
        self._turn(at_the_end=True)

    def _turn(self, at_the_end: bool) -> None:
        try:
            while self._waiting:
                self._make(self._waiting.popleft())
                self._write_due(at_the_end=False)
            self._write_due(at_the_end)
        except Exception as error:  # the thread must live
            logs.server.error("the prediction log failed", exc_info=error)

    def _make(self, entry: Entry) -> None:
        key = (entry.model.name, entry.prediction.version)
        file = self._files.get(key)
        if file is None:
            maker = RowMaker(entry.model.name, entry.model.bundle.contract, self._pseudonyms)
            file = self._files[key] = _File(maker, self._clock())
        for start in range(0, entry.rows, _SLICE_ROWS):
            file.add(entry, start, min(start + _SLICE_ROWS, entry.rows))
            self._since_pause += min(entry.rows, _SLICE_ROWS)
            if self._since_pause >= _SLICE_ROWS:
                self._since_pause = 0
                time.sleep(_PAUSE_S)

    def _write_due(self, at_the_end: bool) -> None:
        now = self._clock()
        for key, file in list(self._files.items()):
            due = at_the_end or file.rows >= self._file_rows or now - file.since >= self._file_s
            if due and now >= self._try_at and self._write(file):
                del self._files[key]

    def _write(self, file: _File) -> bool:
        try:
            self._sink.write(file.content())
        except TenureError as error:
            self._delay_s = min(max(2 * self._delay_s, _FIRST_DELAY_S), _LONGEST_DELAY_S)
            self._try_at = self._clock() + self._delay_s
            self._writes_failed.inc()
            fields = {"rows": file.rows, "again_in_s": self._delay_s}
            logs.server.warning("prediction log: " + one_line(error), extra={"fields": fields})
            return False
        self._delay_s = 0.0
        self._writes_ok.inc()
        self._written.inc(file.rows)
        self._settled += file.rows
        return True


class _File:
    """The rows of one version of a model for the next file."""

    def __init__(self, maker: RowMaker, since: float) -> None:
        self.maker = maker
        self.since = since
        self.rows = 0
        self._batches: list[pa.RecordBatch] = []

    def add(self, entry: Entry, start: int, stop: int) -> None:
        """Add rows of an entry, ``stop`` excluded."""
        self.maker.add(entry, start, stop)
        self.rows += stop - start
        if self.maker.rows >= BATCH_ROWS:
            self._batches.append(self.maker.batch())

    def content(self) -> list[pa.RecordBatch]:
        """All rows, in batches."""
        if self.maker.rows:
            self._batches.append(self.maker.batch())
        return self._batches
