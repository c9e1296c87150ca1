"""The model families that a contract can name.

The names are those of the modules in ``tenure/training/families/models`` and its subfolders, read from the folders: a
contract is read where no training library is installed, and adding a family is adding its module.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_FOLDER = Path(__file__).parent.parent / "training" / "families" / "models"


def _families(package: str, folder: Path) -> dict[str, str]:
    """Family name to module path below ``tenure.training.families``: a folder's own, then those of its subfolders."""
    found = sorted(pkgutil.iter_modules([str(folder)]), key=lambda module: (module.ispkg, module.name))
    paths: dict[str, str] = {}
    for module in found:
        path = f"{package}.{module.name}"
        paths |= _families(path, folder / module.name) if module.ispkg else {module.name: path}
    return paths


MODULE_PATHS = _families("models", _FOLDER)

MODULES = tuple(MODULE_PATHS)
"""Families that are searched for and fitted."""


def families_of(package: str) -> tuple[str, ...]:
    """Names of the families whose modules lie in ``package``, such as ``models.regression``."""
    return tuple(name for name, path in MODULE_PATHS.items() if path == f"{package}.{name}")


CLASSIFIERS = families_of("models")
"""Families that predict whether a customer leaves, by name."""

REGRESSORS = families_of("models.regression")
"""Families that predict a number, by name."""

ALL = "all"
"""In place of a list of families: every family of the contract's task; with monotone features every one that keeps
them so."""

ENSEMBLE = "ensemble"
"""The best of the other families together, as one more candidate."""

MONOTONE = (
    "adaboost",
    "decision_tree",
    "extra_trees",
    "hist_gradient_boosting",
    "logistic_regression",
    "random_forest",
    "xgboost",
    "adaboost_regression",
    "decision_tree_regression",
    "extra_trees_regression",
    "hist_gradient_boosting_regression",
    "linear_regression",
    "random_forest_regression",
    "xgboost_regression",
    ENSEMBLE,
)
"""Families whose fit heeds ``Rows.monotone``. The ensemble's weights are not negative."""

MIN_MEMBERS = 2


def _check_name(name: str) -> str:
    names = (*MODULES, ENSEMBLE)
    if name == ALL:
        raise ValueError(f"'{ALL}' names every family: write it in place of the list, without other names")
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
        raise ValueError(f"no model family is called '{name}': {hint}")
    return name


FamilyName = Annotated[str, AfterValidator(_check_name)]


def check_together(families: tuple[str, ...]) -> tuple[str, ...]:
    """The families of one contract.

    Raises:
        ValueError: if one is named twice, or an ensemble has fewer than ``MIN_MEMBERS`` others to combine.
    """
    for name in families:
        if families.count(name) > 1:
            raise ValueError(f"'{name}' occurs twice")
    if ENSEMBLE in families and len(families) - 1 < MIN_MEMBERS:
        raise ValueError(f"'{ENSEMBLE}' needs at least {MIN_MEMBERS} other families to combine")
    return families


def searched(families: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a contract's families that have parameters to search: all but the ensemble."""
    return tuple(name for name in families if name != ENSEMBLE)
