"""What a run would stop for before it trains: validation, split and leakage."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tenure.checks import Check, Validation
from tenure.checks.validate import validate
from tenure.contract import Contract
from tenure.errors import DataError
from tenure.features.parts import SPLIT
from tenure.features.prepare import prepare
from tenure.stats import Sketch


@dataclass(frozen=True)
class Checked:
    """A validation with the checks of the feature step."""

    validation: Validation
    sketches: dict[str | None, Sketch]
    """Of the good rows of each table, as ``Validated.sketches``."""
    stop: DataError | None
    """The error that a run would stop with, in the validate step or in the feature step."""

    def raise_if_stopped(self) -> None:
        """Raise the error that a run would stop with, if it would.

        Raises:
            DataError: the table does not meet the contract, cannot be divided, or has a feature that reveals the label.
        """
        if self.stop is not None:
            raise self.stop


def check_table(contract: Contract, raw: Path, valid: Path, now: datetime | None = None) -> Checked:
    """Validate a table, and where that does not stop a run, go on as the feature step does, without its files.

    Args:
        contract, raw, valid, now: as for ``validate``, which writes to ``valid``.

    Raises:
        ContractError, StorageError: as ``validate``.
        DataError: ``raw`` was ingested under another contract.
    """
    found = validate(contract, raw, valid, now)
    stop = _error_of(found.validation.raise_if_stopped)
    if stop is not None:
        return Checked(found.validation, found.sketches, stop)
    try:
        prepared = prepare(contract, valid)
    except DataError as error:
        checks, stop = [Check(SPLIT, "stop", str(error))], error
    else:
        checks, stop = prepared.findings.checks, _error_of(prepared.findings.raise_if_stopped)
    validation = dataclasses.replace(found.validation, checks=(*found.validation.checks, *checks))
    return Checked(validation, found.sketches, stop)


def _error_of(check: Callable[[], None]) -> DataError | None:
    try:
        check()
    except DataError as error:
        return error
    return None
