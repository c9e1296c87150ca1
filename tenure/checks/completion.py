"""The checks of a validated table that depend on the day and on the champion: the rows' age and drift.

They are apart from the other checks because their answers change with every day and every promotion: a validation
that is taken from a cache is completed by them, without reading the raw table again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tenure.checks.result import Check, Validation
from tenure.checks.separation import newest_of, sketch_of
from tenure.checks.table import check_drift, check_freshness
from tenure.contract import Contract
from tenure.stats import Profile, Sketch, distances


@dataclass(frozen=True)
class Completed:
    """A validation with the checks of the day."""

    validation: Validation
    sketch: Sketch
    """Of the good rows."""
    distances: dict[str, float]
    """PSI of each column against the reference; empty without one."""


def complete(
    validation: Validation, contract: Contract, valid: Path, *, reference: Profile | None, as_of: date | None
) -> Completed:
    """Replace a validation's checks of drift and freshness.

    Args:
        validation: of the table.
        contract: of the table.
        valid: folder with its good rows, ``data.parquet``.
        reference: distribution of the champion's training rows; without it the drift check stays as it is.
        as_of: day that the rows' age is measured at, midnight UTC; without it the freshness check stays as it is.
    """
    sketch = sketch_of(contract, valid)
    replaced: dict[str, list[Check]] = {}
    psi: dict[str, float] = {}
    if as_of is not None:
        midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
        replaced["freshness"] = check_freshness(contract, newest_of(contract, valid), midnight)
    if reference is not None:
        psi = distances(reference, sketch)
        replaced["drift"] = check_drift(contract, psi)
    kept = [check for check in validation.checks if check.name not in replaced]
    checks = (*kept, *(check for checks in replaced.values() for check in checks))
    return Completed(dataclasses.replace(validation, checks=checks), sketch, psi)
