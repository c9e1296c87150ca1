"""The tasks: what Tenure can predict about a customer, each a package that says everything that depends on it.

Nothing else knows a task by name. A task is added as a package with a ``TASK``, and a line in ``TASKS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module

from tenure.tasks.outputs import Outputs
from tenure.tasks.protocol import SettingError, Task
from tenure.tasks.texts import Figure, RunPage, RunTexts, Texts

TASKS: dict[str, str] = {
    "classification": "tenure.tasks.churn",
    "regression": "tenure.tasks.value",
}
"""The task's name in a contract, and the module that has it as ``TASK``."""

DEFAULT = "classification"
"""Of a contract that names no task."""


def get(name: str) -> Task:
    """The task called ``name``; loads no more of it than its description.

    Raises:
        ValueError: there is no such task.
    """
    if name not in TASKS:
        raise ValueError(f"no task is called '{name}': there are {', '.join(TASKS)}")
    # By its name, so that rooms below the library's upper ones can ask for a task that has its upper parts there.
    task: Task = import_module(TASKS[name]).TASK
    return task


def each() -> Iterator[Task]:
    """All tasks, in the order of ``TASKS``."""
    return (get(name) for name in TASKS)


def outputs_among(names: Collection[str]) -> Outputs:
    """The outputs of the task whose score is among ``names``.

    Raises:
        ValueError: none of them is a score.
    """
    for task in each():
        if task.outputs.score in names:
            return task.outputs
    scores = " or ".join(task.outputs.score for task in each())
    raise ValueError(f"no output {scores}, but {', '.join(names) or 'none'}")


__all__ = [
    "DEFAULT",
    "TASKS",
    "Figure",
    "Outputs",
    "RunPage",
    "RunTexts",
    "SettingError",
    "Task",
    "Texts",
    "each",
    "get",
    "outputs_among",
]
