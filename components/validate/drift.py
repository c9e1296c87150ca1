"""Check drift: the good rows beside those that the champion learnt from, and their age beside today.

A step of its own, because its answer changes with every promotion, and with the day where the contract limits the
rows' age: what trains must not be run again for that.
"""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from components.step import publish
from components.validate.logic import first_rows
from tenure.checks import Check, Validation, table
from tenure.checks.separation import newest_of, sketch_of
from tenure.contract import parse
from tenure.errors import StorageError
from tenure.report.validation import render
from tenure.sources import write_text
from tenure.stats import Profile, distances

REPORTS = ("validation.json", "validation.html")


def run(
    *, contract: str, raw: Path, valid: Path, findings: Path, champion: Path, validation: Path, as_of: str = ""
) -> dict[str, Any]:
    """Complete validate's reports by the distance from the champion and the age of today, and publish them.

    Drift warns and never stops: whether the model still predicts well is what ``evaluate`` tells. Rows that have grown
    too old since validate looked at them do stop.

    Args:
        contract: the contract, YAML text.
        raw: ingest's output folder; read: ``rejected.parquet``.
        valid: validate's; read: ``data.parquet`` and ``quarantine.parquet``.
        findings: validate's ``validation.json`` and ``validation.html``.
        champion: the champion step's output folder, whether there is a champion in it or not.
        validation: written: both reports, whole.
        as_of: the day on which the rows must not be too old, ISO 8601; empty leaves validate's answer.

    Returns what the step shows: ``verdict``, ``warnings`` about drift, and ``psi`` by column (empty without a
    champion).

    Raises:
        ContractError: the contract cannot hold.
        DataError: the newest row is too old; both reports are written by then.
        StorageError: the disk is full, or a report is not there.
    """
    validation.mkdir(parents=True, exist_ok=True)
    reference = _reference(champion)
    described = parse(contract)
    found = Validation.from_json(_read(findings / "validation.json"))
    apart: dict[str, float] = {}
    if reference is None and not as_of:
        for name in REPORTS:
            shutil.copyfile(findings / name, validation / name)
    else:
        sketch = sketch_of(described, valid)
        replaced: dict[str, list[Check]] = {}
        if as_of:
            today = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
            replaced["freshness"] = table.check_freshness(described, newest_of(described, valid), today)
        if reference is not None:
            apart = distances(reference, sketch)
            replaced["drift"] = table.check_drift(described, apart)
        kept = [check for check in found.checks if check.name not in replaced]
        found = dataclasses.replace(found, checks=(*kept, *chain.from_iterable(replaced.values())))
        quarantined, rejected = first_rows(valid / "quarantine.parquet"), first_rows(raw / "rejected.parquet")
        write_text(validation / "validation.json", found.to_json())
        write_text(validation / "validation.html", render(found, described, sketch, quarantined, rejected))
    for name in REPORTS:
        publish(validation / name)
    found.raise_if_stopped()
    drifted = [check.message for check in found.of_level("warn") if check.name == "drift"]
    return {"verdict": found.verdict, "warnings": drifted, "psi": apart}


def _reference(champion: Path) -> Profile | None:
    """The champion's profile, if there is a champion."""
    file = champion / "bundle" / "profile.json"
    return Profile.from_json(file.read_text(encoding="utf-8")) if file.is_file() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
