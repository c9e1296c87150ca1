"""What Kubeflow Pipelines says of a run, and what that means here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from components.spec import step_specs

ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"})
TRY = re.compile(r"\(\d+\)$")
REGISTERED = "register"
NOT_BLESSED = "track"
ALERTED = "alert"


class KubeflowRun(Protocol):
    """What is read of ``kfp_server_api.V2beta1Run``."""

    run_id: str
    display_name: str | None
    state: str | None
    error: Any
    run_details: Any


@dataclass(frozen=True)
class Task:
    """A step of the run; of several tries or workers, each."""

    key: str
    """Tells tasks of one step apart."""
    step: str
    state: str
    message: str


@dataclass(frozen=True)
class RunState:
    """A run at a moment."""

    state: str
    tasks: tuple[Task, ...]
    message: str
    """Kubeflow's own error about the run; empty without one."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Step to what its pod waits for, where Kubernetes says so."""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def failed_task(self) -> Task | None:
        """The first failed step; the exit handler's failure is nobody's cause."""
        failed = [task for task in self.tasks if task.state == "FAILED"]
        return min(failed, key=lambda task: (step_specs()[task.step].is_exit, task.message == ""), default=None)

    @property
    def succeeded(self) -> set[str]:
        """Steps that did their work."""
        return {task.step for task in self.tasks if task.state == "SUCCEEDED"}


def read_run(run: KubeflowRun) -> RunState:
    """The state of a run and of its steps, drivers and containers left out."""
    details = getattr(run.run_details, "task_details", None) or []
    return RunState(
        state=(run.state or "PENDING").upper(),
        tasks=tuple(_tasks(details)),
        message=_message(run.error),
    )


def changes(before: RunState | None, now: RunState) -> list[Task]:
    """Tasks whose state is another one than before."""
    known: Mapping[str, str] = {} if before is None else {task.key: task.state for task in before.tasks}
    return [task for task in now.tasks if known.get(task.key) != task.state]


def step_of(name: str) -> str | None:
    """The step that a task of Kubeflow's, or a node of Argo's, is called after; loops and tries add a number."""
    step = re.sub(r"(\(\d+\)|-\d+)$", "", name).replace("-", "_")
    return step if step in step_specs() else None


def _tasks(details: Iterable[Any]) -> Iterable[Task]:
    listed = [(detail, detail.display_name or "") for detail in details]
    names = {name for _, name in listed}
    for number, (detail, shown) in enumerate(listed):
        name = step_of(shown)
        # Kubeflow lists a step, and each try of it as <step>(0) beside it: the step's own state is the one that counts.
        task, is_try = TRY.subn("", shown)
        if name is not None and not (is_try and task in names):
            yield Task(detail.task_id or str(number), name, (detail.state or "PENDING").upper(), _message(detail.error))


def _message(error: Any) -> str:
    message = getattr(error, "message", None) or ""
    return " ".join(str(message).split())
