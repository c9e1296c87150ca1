"""What a contract's task decides about its settings: which are valid, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tenure.contract.family_names import ALL, MONOTONE
from tenure.tasks import DEFAULT, TASKS, SettingError, each, get

if TYPE_CHECKING:
    from tenure.contract.schema import Contract

_SECTIONS = ("label", "quality", "business", "decision", "acceptance")
"""Sections with settings that only some tasks have."""


def with_defaults(document: Any) -> Any:
    """A contract's document, completed by the defaults of its task that differ from those of the settings.

    ``all`` in place of a list of families becomes the list of every family of the task; with monotone features of every
    one that keeps them so.
    """
    if not isinstance(document, Mapping):
        return document
    name = document.get("task", DEFAULT)
    if not isinstance(name, str) or name not in TASKS:
        return document
    filled = dict(document)
    for section, defaults in get(name).defaults.items():
        part = filled.get(section, {})
        if isinstance(part, Mapping):
            filled[section] = {**defaults, **part}
    training = filled.get("training")
    if isinstance(training, Mapping) and training.get("families") in (ALL, [ALL], (ALL,)):
        filled["training"] = training = {**training, "families": list(get(name).families)}
    elif isinstance(document.get("training"), Mapping) and "families" in document["training"]:
        return filled
    if isinstance(training, Mapping) and "families" in training and _has_direction(document):
        # Families that nobody named are left out, not refused.
        filled["training"] = {**training, "families": [each for each in training["families"] if each in MONOTONE]}
    return filled


def _has_direction(document: Mapping[str, Any]) -> bool:
    """Whether a column, window or derived feature is monotone."""
    tables = document.get("tables")
    sections = [document.get(section) for section in ("columns", "windows", "derived")]
    if isinstance(tables, Mapping):
        sections += [table.get("columns") for table in tables.values() if isinstance(table, Mapping)]
    described = [each for section in sections if isinstance(section, Mapping) for each in section.values()]
    return any(isinstance(each, Mapping) and each.get("monotone") is not None for each in described)


def find_setting_error(contract: Contract) -> SettingError | None:
    """The first setting that is given and is not valid for the contract's task."""
    task = get(contract.task)
    for section in _SECTIONS:
        part = getattr(contract, section)
        for key in type(part).model_fields:
            # Whatever its value: whoever wrote it down, be it the default, expects it to count.
            owner = _other_owner(contract.task, section, key) if key in part.model_fields_set else None
            if owner is not None:
                message = f"this is for the task {owner}, the contract's is {task.name}"
                return SettingError((section, key), message, getattr(part, key))
    for name in contract.training.families:
        if name not in task.families:
            message = f"'{name}' is no family for {task.name}: there are {', '.join(task.families)}"
            return SettingError(("training", "families"), message, name)
    objective = contract.training.objective
    if objective not in task.objectives:
        message = f"'{objective}' is no objective for {task.name}: there are {', '.join(task.objectives)}"
        return SettingError(("training", "objective"), message, objective)
    return task.check_settings(contract)


def default_business_values(contract: Contract) -> list[str]:
    """The keys of ``business`` that decisions and sums rest on and that the contract does not set; ``contacts`` for the
    limit of contacts under either of its names."""
    given = {"contacts" if key == "contacts_per_day" else key for key in contract.business.model_fields_set}
    return [
        key
        for key in ("customer_value", "offer_cost", "offer_success_share", "contacts")
        if key not in given and _other_owner(contract.task, "business", key) is None
    ]


def _other_owner(task: str, section: str, key: str) -> str | None:
    """A task that has this setting, if ``task`` does not; none for a setting that is valid for every task."""
    owners = [other.name for other in each() if key in other.settings.get(section, ())]
    return None if not owners or task in owners else owners[0]
