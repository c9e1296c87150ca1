"""A table whose columns are not the contract's: what is new, what is filled in, what stops the run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from tenure.contract import Contract
from tenure.errors import DataError
from tenure.parsing.parse import table_columns

SIMILARITY = 0.75
"""Ratcliff/Obershelp ratio from which a name is taken for a misspelt other one."""


@dataclass(frozen=True)
class Evolution:
    """How a table's columns differ from the contract's."""

    present: tuple[str, ...]
    """Columns to read, in the contract's order."""
    defaulted: tuple[str, ...]
    """Optional columns that the table lacks."""
    extra: tuple[str, ...]
    """Columns that the contract does not know; they are left out."""
    near: dict[str, str]
    """Of the defaulted columns: the extra one that looks like it."""


def reconcile(contract: Contract, found: Iterable[str], shown: str) -> Evolution:
    """Compare the columns of the table at ``shown`` with the contract's.

    Raises:
        DataError: a required column is missing; the message names each, and what it may be called here.
    """
    names = list(found)
    wanted = table_columns(contract)
    extra = tuple(name for name in names if name not in contract.columns)
    lacking = [name for name in wanted if name not in names]
    near = {name: other for name in lacking if (other := _like(name, extra)) is not None}
    missing = [name for name in lacking if wanted[name].required]
    if missing:
        named = ", ".join(f"'{n}'" + (f" (is it '{near[n]}'?)" if n in near else "") for n in missing)
        what = "the required column" if len(missing) == 1 else f"{len(missing)} required columns:"
        raise DataError(f"{shown} lacks {what} {named}")
    return Evolution(
        present=tuple(name for name in wanted if name in names),
        defaulted=tuple(lacking),
        extra=extra,
        near={name: other for name, other in near.items() if name in lacking},
    )


def _like(name: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate that differs from ``name`` in case, blanks and signs alone, or in little more."""
    folded = {_fold(candidate): candidate for candidate in candidates}
    close = difflib.get_close_matches(_fold(name), folded, n=1, cutoff=SIMILARITY)
    return folded[close[0]] if close else None


def _fold(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
