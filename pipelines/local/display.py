"""Displays the progress of a run: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from pipelines.local.events import STEPS, RunProgress, Task

PLAIN_INTERVAL_S = 5.0
"""Shortest time between two plain lines about the progress of a task."""

MAX_VALUE_LENGTH = 30

MARKS = {"running": "▸", "done": "✓", "cached": "✓", "failed": "✗"}


class Display(Protocol):
    """Shows the progress of a run; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, event: Mapping[str, Any]) -> None:
        """Called with every event of a step."""

    def tick(self, progress: RunProgress) -> None:
        """Called regularly with the state of the run."""


class PlainDisplay:
    """Prints a line for every start and end of a task, and for its progress at intervals."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._printed_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def event(self, event: Mapping[str, Any]) -> None:
        task, kind = event["task"], event["event"]
        if kind == "start":
            self._print(f"{task}: started")
        elif kind == "cached":
            self._print(f"{task}: unchanged, taken from an earlier run")
        elif kind == "done":
            summary = summary_line(event.get("summary") or {})
            self._print(f"{task}: done in {event['elapsed_s']:.1f} s{': ' + summary if summary else ''}")
        elif kind == "error":
            self._print(f"{task}: failed after {event['elapsed_s']:.1f} s")
        elif kind == "progress" and event["time"] - self._printed_at.get(task, 0.0) >= PLAIN_INTERVAL_S:
            self._printed_at[task] = event["time"]
            count = f" {event['done']}/{event['total']}" if event.get("total") else ""
            self._print(f"{task}: {event['message']}{count}")

    def tick(self, progress: RunProgress) -> None:
        pass

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LiveDisplay:
    """Draws a table with a row a step, in place."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        # On stderr, so that the result on standard output can be redirected without the animation.
        self._live = Live(console=Console(stderr=True), refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        self.tick(RunProgress())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def event(self, event: Mapping[str, Any]) -> None:
        pass

    def tick(self, progress: RunProgress) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1), expand=False)
        for step in STEPS:
            mark, elapsed, text = row(step, progress, self._clock())
            style = {"▸": "bold cyan", "✓": "green", "✗": "red"}.get(mark, "dim")
            line = Text(text, overflow="ellipsis", no_wrap=True, style="" if mark == "▸" else "dim")
            table.add_row(Text(mark, style=style), Text(step, style=style), Text(elapsed, style="dim"), line)
        self._live.update(table)


def row(step: str, progress: RunProgress, now: float) -> tuple[str, str, str]:
    """Mark, elapsed time and text of one step, over all its workers."""
    tasks = list(progress.steps.get(step, {}).values())
    if not tasks:
        return "·", "", ""
    if all(task.state == "cached" for task in tasks):
        return "✓", "", "unchanged, taken from an earlier run"
    state = next((state for state in ("failed", "running") if any(task.state == state for task in tasks)), "done")
    start = min(task.started_at for task in tasks)
    end = now if state == "running" else max(task.ended_at or now for task in tasks)
    return MARKS[state], f"{end - start:5.1f} s", _text(tasks, state)


def summary_line(summary: Mapping[str, Any]) -> str:
    """A step's summary in one line: numbers and short texts, in their order."""
    parts = []
    for key, value in summary.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > MAX_VALUE_LENGTH:
            continue
        name = key.replace("_", " ")
        parts.append(f"{name} {value:,}" if isinstance(value, int) else f"{name} {_plain(value)}")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _text(tasks: list[Task], state: str) -> str:
    if state == "done":
        summary: dict[str, Any] = {}
        for task in tasks:
            summary.update(task.summary)
        return summary_line(summary)
    current = [task for task in tasks if task.state == state]
    counted = [task for task in tasks if task.total]
    if not counted:
        return next((task.message for task in current if task.message), "")
    done = sum(task.total or 0 if task.state == "done" else task.done or 0 for task in counted)
    total = sum(task.total or 0 for task in counted)
    return f"{done}/{total} {current[-1].message}"
