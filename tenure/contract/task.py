"""What a contract says by its task: which settings belong to which, and what those default to that depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tenure.contract.family_names import CLASSIFIERS, ENSEMBLE, REGRESSORS
from tenure.contract.settings import Objective, Task

if TYPE_CHECKING:
    from tenure.contract.schema import Contract

OBJECTIVES: dict[Task, tuple[Objective, ...]] = {
    "classification": ("roc_auc", "average_precision", "log_loss", "brier"),
    "regression": ("rmse", "mae"),
}
FAMILIES: dict[Task, tuple[str, ...]] = {
    "classification": (*CLASSIFIERS, ENSEMBLE),
    "regression": REGRESSORS,
}

_REGRESSION_DEFAULTS: dict[str, dict[str, Any]] = {
    "training": {"families": list(REGRESSORS), "objective": "rmse"},
    "decision": {"bands": {}},
}
"""Instead of those that stand in ``settings``, which are for classification."""

_REGRESSION_ONLY: dict[str, set[str]] = {
    "label": {"aggregate", "column", "unit"},
    "decision": {"interval", "at_least"},
    "acceptance": {"min_r2", "min_coverage"},
}
_FOR_BOTH: dict[str, set[str]] = {
    "business": {"currency", "contacts_per_day", "population"},
    "decision": {"bands", "recommendations"},
    "acceptance": {"confidence", "bootstrap_samples"},
}
"""Of these parts, whatever stands in neither is for classification alone."""
_CLASSIFICATION_ONLY: dict[str, set[str]] = {"label": {"positive"}, "quality": {"min_class_share"}}


class Misplaced(NamedTuple):
    """A setting that does not go with the contract's task."""

    location: tuple[str, ...]
    message: str
    value: object


def with_defaults(document: Any) -> Any:
    """A contract's document, with what its task has other defaults for than the settings say."""
    if not isinstance(document, Mapping) or document.get("task") != "regression":
        return document
    filled = dict(document)
    for name, defaults in _REGRESSION_DEFAULTS.items():
        part = filled.get(name, {})
        if isinstance(part, Mapping):
            filled[name] = {**defaults, **part}
    return filled


def misplaced(contract: Contract) -> Misplaced | None:
    """The first setting that is there and belongs to the other task."""
    task = contract.task
    for name in ("label", "quality", "business", "decision", "acceptance"):
        part = getattr(contract, name)
        for key in type(part).model_fields:
            # Whatever it says: whoever wrote it down, be it the default, expects it to count.
            if key in part.model_fields_set and not _belongs(task, name, key):
                other = "classification" if task == "regression" else "regression"
                message = f"this is for the task {other}, the contract's is {task}"
                return Misplaced((name, key), message, getattr(part, key))
    for name in contract.training.families:
        if name not in FAMILIES[task]:
            message = f"'{name}' is no family for {task}: there are {', '.join(FAMILIES[task])}"
            return Misplaced(("training", "families"), message, name)
    objective = contract.training.objective
    if objective not in OBJECTIVES[task]:
        message = f"'{objective}' is no objective for {task}: there are {', '.join(OBJECTIVES[task])}"
        return Misplaced(("training", "objective"), message, objective)
    return _band(contract) if task == "classification" else None


def _belongs(task: Task, part: str, key: str) -> bool:
    if task == "classification":
        return key not in _REGRESSION_ONLY.get(part, ())
    if part in _FOR_BOTH:
        return key in _FOR_BOTH[part] or key in _REGRESSION_ONLY.get(part, ())
    return key not in _CLASSIFICATION_ONLY.get(part, ())


def _band(contract: Contract) -> Misplaced | None:
    bands = contract.decision.bands
    if next(iter(bands.values()), None) != 0.0:
        return Misplaced(("decision", "bands"), "'bands' must start at 0 and ascend", bands)
    for name, start in bands.items():
        if start > 1.0:
            return Misplaced(("decision", "bands", name), f"a band starts at a probability, {start:g} is none", start)
    return None
