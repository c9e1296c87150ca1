"""State of a run and its steps, from the response of Kubeflow Pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from components.spec import step_specs
from tenure.errors import one_line

ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"})
TRY = re.compile(r"\(\d+\)$")
REGISTERED = "register"
NOT_BLESSED = "track"
ALERTED = "alert"


class KubeflowRun(Protocol):
    """The attributes that are read of ``kfp_server_api.V2beta1Run``."""

    run_id: str
    display_name: str | None
    state: str | None
    error: Any
    run_details: Any


@dataclass(frozen=True)
class Task:
    """One execution of a step; a step with several workers or tries has several."""

    key: str
    """Identifies the task within its run."""
    step: str
    state: str
    message: str


@dataclass(frozen=True)
class RunState:
    """The state of a run at one time."""

    state: str
    tasks: tuple[Task, ...]
    message: str
    """Kubeflow's error message about the run; empty for none."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Step to what its pod waits for, if Kubernetes reports it."""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def failed_task(self) -> Task | None:
        """The first failed step, an exit task only if no other step failed."""
        failed = [task for task in self.tasks if task.state == "FAILED"]
        return min(failed, key=lambda task: (step_specs()[task.step].is_exit, task.message == ""), default=None)

    @property
    def succeeded(self) -> set[str]:
        """Steps with a task that succeeded."""
        return {task.step for task in self.tasks if task.state == "SUCCEEDED"}


def read_run(run: KubeflowRun) -> RunState:
    """The state of a run and of its steps, without Kubeflow's drivers and containers."""
    details = getattr(run.run_details, "task_details", None) or []
    return RunState(
        state=(run.state or "PENDING").upper(),
        tasks=tuple(_tasks(details)),
        message=_message(run.error),
    )


def changes(before: RunState | None, now: RunState) -> list[Task]:
    """Tasks whose state changed."""
    known: Mapping[str, str] = {} if before is None else {task.key: task.state for task in before.tasks}
    return [task for task in now.tasks if known.get(task.key) != task.state]


def step_of(name: str) -> str | None:
    """The step of a task in Kubeflow or a node in Argo, whose name may have a number added by a loop or a retry."""
    step = re.sub(r"(\(\d+\)|-\d+)$", "", name).replace("-", "_")
    return step if step in step_specs() else None


def _tasks(details: Iterable[Any]) -> Iterable[Task]:
    listed = [(detail, detail.display_name or "") for detail in details]
    names = {name for _, name in listed}
    for number, (detail, shown) in enumerate(listed):
        name = step_of(shown)
        # Kubeflow lists a step and, beside it, each try as <step>(0); only the step's own state matters.
        task, is_try = TRY.subn("", shown)
        if name is not None and not (is_try and task in names):
            yield Task(detail.task_id or str(number), name, (detail.state or "PENDING").upper(), _message(detail.error))


def _message(error: Any) -> str:
    message = getattr(error, "message", None) or ""
    return one_line(message)
