"""The checks of a validated table that depend on the day and on the champion: the rows' age and drift.

They are apart from the other checks because their answers change with every day and every promotion: a validation
that is taken from a cache is completed by them, without reading the raw table again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tenure.checks.profile import newest_of, sketches_of
from tenure.checks.result import Check, Validation
from tenure.checks.table import check_drift, check_freshness
from tenure.checks.tables import checks as of_tables
from tenure.contract import Contract
from tenure.stats import Profile, Sketch, distances


@dataclass(frozen=True)
class Completed:
    """A validation with the checks of the day."""

    validation: Validation
    sketches: dict[str | None, Sketch]
    """Of the good rows, by table as ``Validated.sketches``."""
    distances: dict[str, float]
    """PSI of each column against the reference, of several tables ``table.column``; empty without one."""


def complete(
    validation: Validation, contract: Contract, valid: Path, *, reference: Profile | None, as_of: date | None
) -> Completed:
    """Replace a validation's checks of drift and freshness.

    Args:
        validation: of the table.
        contract: of the table.
        valid: folder of ``validate``, with the good rows.
        reference: distribution of the champion's training rows; without it the drift check stays as it is.
        as_of: day that the rows' age is measured at, midnight UTC; without it the freshness check stays as it is.
    """
    sketches = sketches_of(contract, valid)
    replaced: dict[str, list[Check]] = {}
    psi: dict[str, float] = {}
    if as_of is not None:
        replaced["freshness"] = _freshness(contract, valid, datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC))
    if reference is not None:
        psi = _distances(reference, sketches)
        replaced["drift"] = check_drift(contract, psi)
    kept = [check for check in validation.checks if check.name not in replaced]
    checks = (*kept, *(check for checks in replaced.values() for check in checks))
    return Completed(dataclasses.replace(validation, checks=checks), sketches, psi)


def _freshness(contract: Contract, valid: Path, midnight: datetime) -> list[Check]:
    if contract.assembly is None:
        return check_freshness(contract, newest_of(contract, valid), midnight)
    newest = {name: newest_of(contract, valid, name) for name in contract.assembly.tables}
    return of_tables.check_freshness(contract, newest, midnight)


def _distances(reference: Profile, sketches: Mapping[str | None, Sketch]) -> dict[str, float]:
    if len(sketches) == 1:
        return distances(reference, next(iter(sketches.values())))
    found = {}
    for table, sketch in sketches.items():
        if str(table) in reference.tables:
            of_table = distances(reference.tables[str(table)], sketch)
            found.update({f"{table}.{name}": distance for name, distance in of_table.items()})
    return found
