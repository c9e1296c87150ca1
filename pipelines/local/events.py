"""Progress of a run, from the events that its steps append to a file (``components.step``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from components.spec import displayed_steps

SERVE = "serve"
"""The part of a run after the graph, in which the registered model is served and asked for predictions."""

STEPS = (*displayed_steps(), SERVE)
"""Names in the order in which a run reaches them."""

TaskState = Literal["running", "done", "cached", "failed"]


@dataclass
class Task:
    """One execution of a step; a step with several workers has several."""

    name: str
    state: TaskState
    started_at: float
    """Seconds since the epoch; so is ``ended_at``."""
    ended_at: float | None = None
    message: str = ""
    done: int | None = None
    total: int | None = None
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """The first error event of a run."""

    step: str
    message: str
    kind: str
    exit_status: int


class RunProgress:
    """State of every step according to the events so far."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Task]] = {}
        self.failure: Failure | None = None

    def apply(self, event: dict[str, Any]) -> None:
        """Update the state with one event."""
        tasks = self.steps.setdefault(event["step"], {})
        name, now, kind = event["task"], event["time"], event["event"]
        if kind == "cached":
            # Cached workers have the same name, but each is a task.
            while name in tasks:
                name += "'"
            tasks[name] = Task(name, "cached", now, now)
            return
        if kind == "start":
            tasks[name] = Task(name, "running", now)
        task = tasks.setdefault(name, Task(name, "running", now))
        if kind == "progress":
            task.message, task.done, task.total = event["message"], event.get("done"), event.get("total")
        elif kind == "done":
            task.state, task.ended_at, task.summary = "done", now, event.get("summary") or {}
        elif kind == "error":
            task.state, task.ended_at, task.message = "failed", now, event["message"]
            if self.failure is None:
                self.failure = Failure(event["step"], event["message"], event["type"], event["exit_status"])

    def unfinished(self) -> list[str]:
        """Names of tasks without an end event: after the run, those that were killed."""
        return [task.name for tasks in self.steps.values() for task in tasks.values() if task.state == "running"]

    def summary(self, step: str) -> dict[str, Any]:
        """The step's summary, of several workers the last one's; empty for a cached step."""
        shown: dict[str, Any] = {}
        for task in self.steps.get(step, {}).values():
            shown.update(task.summary)
        return shown


class Tail:
    """Reads the new events of a file while it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Iterator[dict[str, Any]]:
        """The events since the last call, without an incomplete last line."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
        except FileNotFoundError:
            return
        complete, newline, _ = content.rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        for line in complete.splitlines():
            yield json.loads(line)
