"""Column names: unique, never empty, whatever the table's header holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINE_ENDS = re.compile(r"\s*[\r\n]+\s*")


def unique_names(header: Sequence[str]) -> list[str]:
    """One name for each field of a header, in its order; all differ and none is empty.

    Surrounding blanks are removed and line ends become blanks. An empty name is ``column_`` and its position, from 1.
    A repeated name gets a number: ``months``, ``months_2``, ``months_3``; a number that another name has is left out.
    """
    wanted = [_clean(name) or f"column_{position}" for position, name in enumerate(header, 1)]
    taken = {_clean(name) for name in header}
    found: list[str] = []
    given: set[str] = set()
    for plain, name in zip(header, wanted, strict=True):
        if name in given or (not _clean(plain) and name in taken):
            number = 2
            while f"{name}_{number}" in taken or f"{name}_{number}" in given:
                number += 1
            name = f"{name}_{number}"  # noqa: PLW2901
        given.add(name)
        found.append(name)
    return found


def name_notes(header: Sequence[str]) -> tuple[str, ...]:
    """What ``unique_names`` changed, a sentence each; blanks around names are not mentioned."""
    notes = []
    for position, (plain, name) in enumerate(zip(header, unique_names(header), strict=True), 1):
        if not _clean(plain):
            notes.append(f"column {position} has no name: it is called '{name}'")
        elif name != _clean(plain):
            notes.append(f"column {position} repeats the name '{_clean(plain)}': it is called '{name}'")
    return tuple(notes)


def _clean(name: str) -> str:
    return LINE_ENDS.sub(" ", name.strip("\ufeff \t\r\n\u00a0"))
