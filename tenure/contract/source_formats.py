"""The formats of tables that a contract can name.

The names are those of the modules in ``tenure/sources/formats``, read from the folder, and those that installed
packages declare: a contract is read where no source is opened, and adding a format is adding its module.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_FOLDER = Path(__file__).parent.parent / "sources" / "formats"

ENTRY_POINTS = "tenure.sources"
"""Entry point group by which an installed package adds formats: name to an instance of ``tenure.sources.Format``."""

BUILT_IN = tuple(sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)])))
"""Names of Tenure's own formats."""


def installed() -> dict[str, EntryPoint]:
    """Formats of other packages by name; a built-in format cannot be replaced. Takes some 25 ms the first time."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS) if entry.name not in BUILT_IN}


def _check_name(name: str) -> str:
    if name in BUILT_IN:
        return name
    names = (*BUILT_IN, *sorted(installed()))
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
        raise ValueError(f"no table format is called '{name}': {hint}")
    return name


FormatName = Annotated[str, AfterValidator(_check_name)]
