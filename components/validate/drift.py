"""check_drift: complete validate's report with drift from the champion and the rows' age on the day of the run.

A step of its own, because its answer changes with every promotion, and with the day where the contract limits the
rows' age: the steps that train must not be run again for that.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from components.step import publish
from tenure.atomic import write_text
from tenure.checks import Validation
from tenure.checks.completion import complete
from tenure.contract import parse
from tenure.errors import StorageError
from tenure.report.validation import write_page
from tenure.stats import Profile

REPORTS = ("validation.json", "validation.html")


def run(
    *, contract: str, raw: Path, valid: Path, findings: Path, champion: Path, validation: Path, as_of: str = ""
) -> dict[str, Any]:
    """Complete validate's reports, and publish them.

    Drift warns and never stops the run: whether the model still predicts well is measured by ``evaluate``. Rows that
    are too old on the day of the run do stop it.

    Args:
        contract: the contract, YAML text.
        raw: ingest's output folder; read: the rejected rows.
        valid: validate's; read: the good rows, and those that are not used.
        findings: validate's ``validation.json`` and ``validation.html``.
        champion: the champion step's output folder; it may hold no champion.
        validation: written: both reports, completed.
        as_of: the day on which the rows must not be too old, ISO 8601; empty keeps validate's answer.

    Returns:
        For the step's summary: ``verdict``, ``warnings`` about drift, and ``psi`` by column (empty without a
        champion).

    Raises:
        ContractError: the contract is invalid.
        DataError: the newest row is too old; both reports are written by then.
        StorageError: the disk is full, or a report is missing.
    """
    validation.mkdir(parents=True, exist_ok=True)
    reference = _reference(champion)
    described = parse(contract)
    found = Validation.from_json(_read(findings / "validation.json"))
    psi: dict[str, float] = {}
    if reference is None and not as_of:
        for name in REPORTS:
            shutil.copyfile(findings / name, validation / name)
    else:
        day = date.fromisoformat(as_of) if as_of else None
        completed = complete(found, described, valid, reference=reference, as_of=day)
        found, psi = completed.validation, completed.distances
        write_text(validation / "validation.json", found.to_json())
        write_page(validation / "validation.html", found, described, completed.sketches, raw=raw, valid=valid)
    for name in REPORTS:
        publish(validation / name)
    found.raise_if_stopped()
    warnings = [check.message for check in found.of_level("warn") if check.name == "drift"]
    return {"verdict": found.verdict, "warnings": warnings, "psi": psi}


def _reference(champion: Path) -> Profile | None:
    """The champion's profile, if there is a champion."""
    file = champion / "bundle" / "profile.json"
    return Profile.from_json(file.read_text(encoding="utf-8")) if file.is_file() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
