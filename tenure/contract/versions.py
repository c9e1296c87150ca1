"""Which keys belong to which version of the file, and which of them go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.contract.located_errors import error_at

if TYPE_CHECKING:
    from tenure.contract.schema import Contract

_WITH_TABLES = ("zone", "cuts", "eligible")
_LABEL_WITH_TABLES = ("kind", "table", "where", "status", "to", "ends", "grace", "horizon", "times", "gap")
_WINDOW_WITH_TABLES = ("table", "where", "last", "for_each")
_MIGRATE = "'tenure migrate' rewrites the file"
_OLD = f"this is a key of version 1, {_MIGRATE}"


def check_version(contract: Contract) -> None:
    """Check that a contract has the keys of one version, and either one table or ``tables``.

    Raises:
        pydantic.ValidationError: it does not; names the first key.
    """
    given = contract.model_fields_set
    if contract.version == 1:
        for key in ("tables", *_WITH_TABLES):
            if key in given:
                raise error_at((key,), f"this is a key of version 2: write 'version: 2', or {_MIGRATE}")
    elif contract.events is not None:
        raise error_at(("events",), f"{_OLD}: in version 2 there are 'tables' and 'cuts'")
    elif contract.label.horizon_days is not None:
        raise error_at(("label", "horizon_days"), f"{_OLD}: in version 2 'horizon'")
    if contract.tables:
        _check_tables(contract)
    else:
        _check_one_table(contract)


def _check_tables(contract: Contract) -> None:
    for key in ("source", "columns"):
        if key in contract.model_fields_set:
            raise error_at((key,), "this is for one table: with 'tables' each has its own")
    if contract.cuts is None:
        raise error_at(
            ("cuts",), "is missing: at which instants is training to look at customers? {every: 30 days, count: 6}"
        )
    for key in ("positive", "ignore"):
        if key in contract.label.model_fields_set:
            raise error_at(("label", key), "this is for a label column: with 'tables' the label has a 'kind'")


def _check_one_table(contract: Contract) -> None:
    if not contract.columns:
        raise error_at(("columns",), "is missing: describe the table's columns, or write 'tables'")
    for key in _WITH_TABLES:
        if key in contract.model_fields_set:
            raise error_at((key,), "this is for 'tables'")
    for key in _LABEL_WITH_TABLES:
        if key in contract.label.model_fields_set:
            raise error_at(("label", key), "this is for 'tables'")
    for name, window in contract.windows.items():
        for key in _WINDOW_WITH_TABLES:
            if key in window.model_fields_set:
                raise error_at(("windows", name, key), "this is for 'tables'")
