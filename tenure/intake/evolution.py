"""Schema evolution: how a table's columns differ from the contract's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from tenure.contract import Contract
from tenure.contract.sources import described
from tenure.errors import DataError
from tenure.parsing.parse import table_columns

SIMILARITY = 0.75
"""Smallest Ratcliff/Obershelp ratio of two names that are considered misspellings of each other."""


@dataclass(frozen=True)
class Evolution:
    """Differences between a table's columns and the contract's."""

    present: tuple[str, ...]
    """Columns to read, in the contract's order."""
    defaulted: tuple[str, ...]
    """Optional columns that the table lacks; they are filled with their default."""
    extra: tuple[str, ...]
    """Columns that the contract does not describe; they are left out."""
    similar: dict[str, str]
    """Defaulted column to an extra column with a similar name."""


def reconcile(contract: Contract, found: Iterable[str], shown: str, table: str | None = None) -> Evolution:
    """Compare the columns of a table with the contract's.

    Args:
        contract: describes the expected columns.
        found: the table's column names.
        shown: the table's address, for the error message.
        table: as for ``table_columns``.

    Raises:
        DataError: a required column is missing; the message names each, and a similar column where there is one.
    """
    names = list(found)
    wanted = table_columns(contract, table)
    known = described(contract, table).columns
    extra = tuple(name for name in names if name not in known)
    lacking = [name for name in wanted if name not in names]
    similar = {name: other for name in lacking if (other := _similar(name, extra)) is not None}
    missing = [name for name in lacking if wanted[name].required]
    if missing:
        named = ", ".join(f"'{n}'" + (f" (is it '{similar[n]}'?)" if n in similar else "") for n in missing)
        what = "the required column" if len(missing) == 1 else f"{len(missing)} required columns:"
        raise DataError(f"{shown} lacks {what} {named}")
    return Evolution(
        present=tuple(name for name in wanted if name in names),
        defaulted=tuple(lacking),
        extra=extra,
        similar=similar,
    )


def _similar(name: str, candidates: tuple[str, ...]) -> str | None:
    """The candidate closest to ``name``, compared without case, blanks and punctuation; None if none is close."""
    folded = {_fold(candidate): candidate for candidate in candidates}
    close = difflib.get_close_matches(_fold(name), folded, n=1, cutoff=SIMILARITY)
    return folded[close[0]] if close else None


def _fold(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
