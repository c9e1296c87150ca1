"""The progress of a run on a screen: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from pipelines.local.events import STEPS, RunProgress, Task

PLAIN_INTERVAL_S = 5.0
"""How often plain lines tell of a task's progress; a log is not an animation."""

MAX_VALUE_LENGTH = 30

MARKS = {"running": "▸", "done": "✓", "cached": "✓", "failed": "✗"}


class Display(Protocol):
    """Shows a run while it works; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, event: Mapping[str, Any]) -> None:
        """A step told something."""

    def tick(self, progress: RunProgress) -> None:
        """Some time went by; this is how the run stands."""


class PlainDisplay:
    """A line for every start and end, and now and then one in between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def event(self, event: Mapping[str, Any]) -> None:
        task, kind = event["task"], event["event"]
        if kind == "start":
            self._say(f"{task}: started")
        elif kind == "cached":
            self._say(f"{task}: nothing changed, the last result is used")
        elif kind == "done":
            summary = sentence(event.get("summary") or {})
            self._say(f"{task}: done in {event['elapsed_s']:.1f} s{': ' + summary if summary else ''}")
        elif kind == "error":
            self._say(f"{task}: failed after {event['elapsed_s']:.1f} s")
        elif kind == "progress" and event["time"] - self._told_at.get(task, 0.0) >= PLAIN_INTERVAL_S:
            self._told_at[task] = event["time"]
            count = f" {event['done']}/{event['total']}" if event.get("total") else ""
            self._say(f"{task}: {event['message']}{count}")

    def tick(self, progress: RunProgress) -> None:
        pass

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class LiveDisplay:
    """A row a step, redrawn in place."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        # Drawn on stderr: what a run prints at its end can be redirected without the animation.
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
            mark, elapsed, words = row(step, progress, self._clock())
            style = {"▸": "bold cyan", "✓": "green", "✗": "red"}.get(mark, "dim")
            line = Text(words, overflow="ellipsis", no_wrap=True, style="" if mark == "▸" else "dim")
            table.add_row(Text(mark, style=style), Text(step, style=style), Text(elapsed, style="dim"), line)
        self._live.update(table)


def row(step: str, progress: RunProgress, now: float) -> tuple[str, str, str]:
    """Mark, elapsed time and words of one step; a step with several workers adds them up."""
    tasks = list(progress.steps.get(step, {}).values())
    if not tasks:
        return "·", "", ""
    if all(task.state == "cached" for task in tasks):
        return "✓", "", "unchanged, taken from the last run"
    state = next((state for state in ("failed", "running") if any(task.state == state for task in tasks)), "done")
    start = min(task.started_at for task in tasks)
    end = now if state == "running" else max(task.ended_at or now for task in tasks)
    return MARKS[state], f"{end - start:5.1f} s", _words(tasks, state)


def sentence(summary: Mapping[str, Any]) -> str:
    """What a step said about its result, in one line: its plain values in their order, long ones left out."""
    parts = []
    for key, value in summary.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > MAX_VALUE_LENGTH:
            continue
        name = key.replace("_", " ")
        parts.append(f"{name} {value:,}" if isinstance(value, int) else f"{name} {_plain(value)}")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _words(tasks: list[Task], state: str) -> str:
    if state == "done":
        summary: dict[str, Any] = {}
        for task in tasks:
            summary.update(task.summary)
        return sentence(summary)
    current = [task for task in tasks if task.state == state]
    counted = [task for task in tasks if task.total]
    if not counted:
        return next((task.message for task in current if task.message), "")
    done = sum(task.total or 0 if task.state == "done" else task.done or 0 for task in counted)
    total = sum(task.total or 0 for task in counted)
    return f"{done}/{total} {current[-1].message}"
