"""The model families that a contract can name.

The names are those of the modules in ``tenure/training/families/models`` and its folder ``regression``, read from the
folders: a contract is read where no training library is installed, and adding a family is adding its module.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_FOLDER = Path(__file__).parent.parent / "training" / "families" / "models"


def _modules(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if not module.ispkg))


CLASSIFIERS = _modules(_FOLDER)
"""Families that predict whether a customer leaves, by name."""

REGRESSORS = _modules(_FOLDER / "regression")
"""Families that predict a number, by name."""

MODULES = (*CLASSIFIERS, *REGRESSORS)
"""Families that are searched for and fitted."""

ENSEMBLE = "ensemble"
"""The best of the other families together, as one more candidate."""

MIN_MEMBERS = 2


def _check_name(name: str) -> str:
    names = (*MODULES, ENSEMBLE)
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
        raise ValueError(f"no model family is called '{name}': {hint}")
    return name


FamilyName = Annotated[str, AfterValidator(_check_name)]


def check_together(families: tuple[str, ...]) -> tuple[str, ...]:
    """The families of one contract.

    Raises:
        ValueError: if one is named twice, or an ensemble has fewer than two others to be made of.
    """
    for name in families:
        if families.count(name) > 1:
            raise ValueError(f"'{name}' stands twice")
    if ENSEMBLE in families and len(families) - 1 < MIN_MEMBERS:
        raise ValueError(f"'{ENSEMBLE}' needs at least {MIN_MEMBERS} other families to be made of")
    return families


def searched(families: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a contract's families that have parameters to search: all but the ensemble."""
    return tuple(name for name in families if name != ENSEMBLE)
