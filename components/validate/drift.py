"""Check drift: the good rows beside those that the champion learnt from.

A step of its own, because its answer changes with every promotion: what trains must not be run again for that.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

from components.step import publish
from components.validate.logic import first_rows
from components.validate.report import render
from components.validate.separation import sketch_of
from tenure.checks import Validation, table
from tenure.contract import parse
from tenure.drift import Profile, distances
from tenure.errors import StorageError
from tenure.sources import write_text

REPORTS = ("validation.json", "validation.html")


def run(*, contract: str, raw: Path, valid: Path, findings: Path, champion: Path, validation: Path) -> dict[str, Any]:
    """Complete validate's reports by the distance from the champion, and publish them.

    Drift warns and never stops: whether the model still predicts well is what ``evaluate`` tells.

    Args:
        contract: the contract, YAML text.
        raw: ingest's output folder; read: ``rejected.parquet``.
        valid: validate's; read: ``data.parquet`` and ``quarantine.parquet``.
        findings: validate's ``validation.json`` and ``validation.html``.
        champion: the champion step's output folder, whether there is a champion in it or not.
        validation: written: both reports, whole.

    Returns what the step shows: ``verdict``, ``warnings`` about drift, and ``psi`` by column (empty without a
    champion).

    Raises:
        ContractError: the contract cannot hold.
        StorageError: the disk is full, or a report is not there.
    """
    validation.mkdir(parents=True, exist_ok=True)
    reference = _reference(champion)
    found = Validation.from_json(_read(findings / "validation.json"))
    apart: dict[str, float] = {}
    if reference is None:
        for name in REPORTS:
            shutil.copyfile(findings / name, validation / name)
    else:
        described = parse(contract)
        sketch = sketch_of(described, valid)
        apart = distances(reference, sketch)
        kept = [check for check in found.checks if check.name != "drift"]
        found = dataclasses.replace(found, checks=(*kept, *table.check_drift(described, apart)))
        quarantined, rejected = first_rows(valid / "quarantine.parquet"), first_rows(raw / "rejected.parquet")
        write_text(validation / "validation.json", found.to_json())
        write_text(validation / "validation.html", render(found, described, sketch, quarantined, rejected))
    for name in REPORTS:
        publish(validation / name)
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
