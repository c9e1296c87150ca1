"""The tasks: what Tenure can predict about a customer, each a package that says everything that depends on it.

Nothing else knows a task by name. A task is added as a package with a ``TASK``, and a line in ``TASKS``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from tenure.tasks.outputs import Outputs
from tenure.tasks.protocol import SettingError, Task

TASKS: dict[str, str] = {
    "classification": "tenure.tasks.churn",
    "regression": "tenure.tasks.value",
}
"""The task's name in a contract, and the module that has it as ``TASK``. The first is the default."""


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


__all__ = ["TASKS", "Outputs", "SettingError", "Task", "each", "get"]
