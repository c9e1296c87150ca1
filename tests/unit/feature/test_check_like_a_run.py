"""``check_table`` finds what the steps of a run stop for, and says the same."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from components.feature.logic import run as feature
from components.ingest.logic import run as ingest
from components.validate.logic import run as validate
from tenure.checks.validate import validate as validate_alone
from tenure.contract import parse
from tenure.errors import DataError
from tenure.features.check import Checked, check_table
from tenure.intake.ingest import ingest as take_in

ROWS = 400
TABLE = """
name: table
source: {uri: table.csv}
label: {positive: left}
columns:
  id: {type: string, role: key}
  usage: {type: number}
  state: {type: category, role: label}
quality: {min_rows: 1, min_class_share: 0.0}
"""
NUMBERS = """
name: numbers
task: regression
source: {uri: table.csv}
columns:
  id: {type: string, role: key}
  usage: {type: number}
  spend: {type: number, role: label}
quality: {min_rows: 1}
"""
LOG = """
name: log
source: {uri: table.csv}
label: {horizon_days: 10}
events: {cuts: [CUTS], active_days: 10}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
windows:
  orders: {aggregate: count, reason: Often}
quality: {min_rows: 1, freshness_days: null}
"""


def rows_of(labels: list[str], column: str = "state") -> list[dict]:
    usage = np.random.default_rng(0).normal(size=len(labels)).round(3)
    return [{"id": f"c{n:05}", "usage": usage[n], column: label} for n, label in enumerate(labels)]


def events() -> list[dict]:
    start = date(2024, 1, 1)
    found = []
    for customer in range(60):
        last = 45 if customer % 2 else 10 + 10 * (customer % 3)
        found += [{"id": f"c{customer:02}", "day": start + timedelta(days=day)} for day in range(customer % 5, last, 5)]
    return [*found, {"id": "last", "day": start + timedelta(days=45)}]


def alternating(rows: int, every: int) -> list[str]:
    return ["left" if number % every == 0 else "stays" for number in range(rows)]


STOPS = {
    "one class": (TABLE, rows_of(["stays"] * 60), "does not meet the contract"),
    "a part without a class": (TABLE, rows_of(alternating(60, 30)), "test part .* no customer who left"),
    "too few for the folds": (TABLE, rows_of(alternating(60, 10)), "too few for 5 folds"),
    "too few for the calibration": (TABLE, rows_of(alternating(80, 10)), "calibration needs two rows"),
    "a number of too few rows": (
        NUMBERS,
        rows_of([*map(str, range(24))], "spend"),
        "17 rows, 5 folds need at least 20",
    ),
    "too few for the interval": (NUMBERS, rows_of([*map(str, range(40))], "spend"), "an interval at 0.9 needs"),
    "a feature that tells the label": (
        TABLE.replace("usage: {", "usage: {range: [-9, 9], "),
        [row | {"usage": (row["state"] == "left") + 0.0} for row in rows_of(alternating(ROWS, 4))],
        "not known when it predicts: recoding of the label: column 'usage'",
    ),
    "a cut that the log does not cover": (
        LOG.replace("CUTS", "2024-02-10"),
        events(),
        "they end on 2024-02-15: the latest cut",
    ),
    "overlapping horizons": (LOG.replace("CUTS", "2024-01-11, 2024-01-16, 2024-01-21"), events(), "10 days apart"),
}


def checked(home: Path, contract: str, rows: list[dict]) -> Checked:
    with (home / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    described = parse(contract)
    take_in(described, home / "raw", home)
    return check_table(described, home / "raw", home / "valid")


def error_of_a_run(home: Path, contract: str) -> str:
    with pytest.raises(DataError) as caught:
        ingest(contract, None, home / "run-raw", home)
        validate(contract, home / "run-raw", home / "run-valid")
        feature(contract, home / "run-valid", home / "features")
    return str(caught.value)


@pytest.mark.parametrize("case", STOPS)
def test_what_stops_a_run_is_found_and_said_alike(case: str, tmp_path: Path) -> None:
    contract, rows, message = STOPS[case]
    found = checked(tmp_path, contract, rows)
    with pytest.raises(DataError, match=message) as caught:
        found.raise_if_stopped()
    assert str(caught.value) == error_of_a_run(tmp_path, contract)
    assert found.validation.verdict == "stop"
    assert any(check.message in str(caught.value) for check in found.validation.of_level("stop"))
    assert "\n" not in str(caught.value)


def test_a_table_that_can_be_trained_on_passes_and_nothing_is_written_for_it(tmp_path: Path) -> None:
    found = checked(tmp_path, TABLE, rows_of(alternating(ROWS, 4)))
    found.raise_if_stopped()
    assert found.validation.verdict == "pass"
    split = next(check for check in found.validation.checks if check.name == "split")
    assert split.message == "rows by part, stratified: train 280, validation 60, test 60"
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "raw", "valid"}
    validate_alone(parse(TABLE), tmp_path / "raw", tmp_path / "alone")
    assert names_in(tmp_path / "valid") == names_in(tmp_path / "alone")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_event_log_is_checked_at_its_cuts(tmp_path: Path) -> None:
    cuts = LOG.replace("CUTS", "2024-01-16").replace(
        "label:", "split: {train: 0.6, validation: 0.2, test: 0.2}\nlabel:"
    )
    found = checked(tmp_path, cuts, events())
    found.raise_if_stopped()
    assert "leakage: ranks the label" in {check.name for check in found.validation.checks}
