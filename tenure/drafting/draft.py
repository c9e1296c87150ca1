"""A first contract that is valid, inferred from a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tenure.contract import Contract, parse
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting.first_draft import Decision
from tenure.drafting.infer import infer
from tenure.drafting.writing import write_draft
from tenure.errors import ContractError, DataError
from tenure.sources import Source


class Drafted(NamedTuple):
    """A drafted contract."""

    contract: Contract
    text: str
    """As YAML, with comments for the person who corrects it."""
    decisions: list[Decision]
    """What was decided, and what to look at."""


def draft(
    source: Source, settings: SourceSettings, name: str, label: str | None = None, notes: Sequence[str] = ()
) -> Drafted:
    """Infer a contract for the table in ``source``.

    Args:
        source: the table; the caller closes it.
        settings: what becomes the contract's ``source``.
        name: the contract's name; characters that a name cannot have are replaced.
        label: name of the label column; inferred by default.
        notes: what was assumed about how the table is written, as ``tenure.sources.sniff_with_notes`` returns it.

    Raises:
        DataError: the table cannot be read, or no contract can be inferred from it.
        ContractError, SourceError: as ``tenure.sources.Source``.
    """
    inferred = infer(source, settings, name, label=label)
    inferred.notes = tuple(notes)
    text = write_draft(inferred)
    try:
        return Drafted(parse(text), text, inferred.summary())
    except ContractError as error:
        reason = str(error).partition(": ")[2]
        raise DataError(f"no contract can be inferred from {source.shown}: {reason}") from error


def name_of(address: str) -> str:
    """Name of a table: ``customers`` for ``s3://bucket/customers.parquet?version=3``."""
    path = address.partition("?")[0].rstrip("/")
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem).strip("-")
    return name if name[:1].isalpha() else f"table-{name}"[:40].rstrip("-")
