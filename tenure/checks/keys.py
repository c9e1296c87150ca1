"""Checks of the key: what a table without one costs, and tables in which it repeats too often to be a mistake."""

from __future__ import annotations

from tenure.checks.result import Check
from tenure.contract import Contract
from tenure.contract.schema import WITHOUT_KEY
from tenure.contract.tables import Table


def check_key(contract: Contract) -> list[Check]:
    """Says what a table without a key costs."""
    if contract.key is None:
        return []
    advice = "Give the role 'key' to a column that identifies the customer, if there is one."
    return [Check("keys", "warn", WITHOUT_KEY, advice=advice)]


def check_repeats(rules: Contract | Table, repeats: int, rows: int) -> Check | None:
    """The check of a key that repeats so often that the table rather has several rows a customer.

    Args:
        rules: of the table.
        repeats: rows that repeat the key of an earlier row.
        rows: rows that parsed.

    Returns:
        None for a panel, whose customers have several rows.
    """
    if isinstance(rules, Table):
        return _entity_check(rules, repeats, rows)
    return _panel_check(rules, repeats, rows) if rules.split.by is None else None


def unique_message(rules: Contract | Table) -> str | None:
    """That no key repeats; None where rows may be equal."""
    names = [f"'{name}'" for name in rules.row_identity]
    if len(names) < 2:
        return f"every {names[0]} is unique" if names else None
    return f"no two rows have the same {' and '.join(names)}"


def _entity_check(table: Table, repeats: int, rows: int) -> Check:
    message = (
        f"'{table.key_column}' repeats in {repeats:,} of {rows:,} rows: a table of kind 'entity' has one row a customer"
    )
    advice = (
        "Write 'kind: snapshot' or 'kind: history' for a table with several rows a customer, each with its time; or"
        " correct the key at the source."
    )
    return Check("keys", "stop", message, table.key_column, repeats, advice=advice)


def _panel_check(contract: Contract, repeats: int, rows: int) -> Check:
    message = (
        f"'{contract.key_column}' repeats in {repeats:,} of {rows:,} rows:"
        " if a customer has several rows, write split: {by: customer}"
    )
    advice = (
        "Write 'split: {by: customer}' for a table with several rows a customer, 'key: row_number' for one without a"
        " column that identifies the customer; or correct the key at the source."
    )
    return Check("keys", "stop", message, contract.key_column, repeats, advice=advice)
