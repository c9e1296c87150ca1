"""A first contract that is valid, inferred from a table."""

from __future__ import annotations

from tenure.contract import Contract, parse
from tenure.contract.settings import Source as SourceSettings
from tenure.drafting.infer import infer
from tenure.errors import ContractError, DataError
from tenure.sources import Source


def draft(source: Source, settings: SourceSettings, name: str, label: str | None = None) -> tuple[Contract, str]:
    """Infer a contract for the table in ``source``.

    Args:
        source: the table; the caller closes it.
        settings: what becomes the contract's ``source``.
        name: the contract's name; characters that a name cannot have are replaced.
        label: name of the label column; inferred by default.

    Returns:
        The contract, and the same as YAML with comments for the person who corrects it.

    Raises:
        DataError: the table cannot be read, or no contract can be inferred from it.
        ContractError, SourceError: as ``tenure.sources.Source``.
    """
    text = infer(source, settings, name, label=label)
    try:
        return parse(text), text
    except ContractError as error:
        reason = str(error).partition(": ")[2]
        raise DataError(f"no contract can be inferred from {source.shown}: {reason}") from error


def name_of(address: str) -> str:
    """Name of a table: ``customers`` for ``s3://bucket/customers.parquet?version=3``."""
    path = address.partition("?")[0].rstrip("/")
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem).strip("-")
    return name if name[:1].isalpha() else f"table-{name}"[:40].rstrip("-")
