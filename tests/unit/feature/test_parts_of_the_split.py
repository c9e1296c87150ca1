"""The check of the split's parts: labels that differ between the oldest and the newest rows."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.contract import parse
from tenure.features.division import Division
from tenure.features.parts import check_parts
from tenure.features.split import PARTS, Assignment
from tenure.tasks import get

CLASSES = """
name: table
source: {uri: table.csv}
label: {positive: left}
columns:
  id: {type: string, role: key}
  usage: {type: number}
  state: {type: category, role: label}
"""
NUMBERS = CLASSES.replace("label: {positive: left}", "task: regression").replace(
    "state: {type: category", "state: {type: number"
)


def division(contract: str, strategy: str, parts: dict[str, list[float]]) -> Division:
    places = np.repeat(np.arange(len(PARTS), dtype=np.int8), [len(parts[part]) for part in PARTS])
    labels = np.concatenate([parts[part] for part in PARTS]).astype(get(parse(contract).task).label.dtype)
    rows = {part: len(labels) for part, labels in parts.items()}
    return Division(Assignment(strategy, places, rows, None, 0), labels, None)  # type: ignore[arg-type]


def shares(train: float, test: float, rows: int = 1_000) -> dict[str, list[float]]:
    def part(share: float) -> list[float]:
        return [1.0] * round(share * rows) + [0.0] * (rows - round(share * rows))

    return {"train": part(train), "validation": part(train), "test": part(test)}


@pytest.mark.parametrize(
    ("parts", "level"),
    [
        (shares(0.25, 0.25), "pass"),
        (shares(0.25, 0.31), "pass"),  # a small difference
        (shares(0.50, 0.61), "pass"),  # the odds differ by a factor of 1.6
        (shares(0.10, 0.40, rows=10), "pass"),  # a chance result
        (shares(0.45, 0.79), "warn"),
        (shares(0.30, 0.02), "warn"),  # the newest labels are not final
    ],
)
def test_other_shares_of_leavers_in_the_newest_rows_are_a_warning(parts: dict[str, list[float]], level: str) -> None:
    assert check_parts(parse(CLASSES), division(CLASSES, "time", parts)).level == level
    assert check_parts(parse(CLASSES), division(CLASSES, "stratified", parts)).level == "pass"


def test_the_warning_has_both_shares_and_what_to_ask() -> None:
    found = check_parts(parse(CLASSES), division(CLASSES, "time", shares(0.45, 0.79)))
    assert found.message == (
        "rows by part, time: train 1,000, validation 1,000, test 1,000; 45 % left in the training part,"
        " 79 % in the test part"
    )
    assert found.advice is not None
    assert "role 'ignored'" in found.advice


def test_a_number_warns_where_its_median_leaves_the_middle_half() -> None:
    values = [float(value) for value in range(100)]
    for offset, level in ((0.0, "pass"), (20.0, "pass"), (30.0, "warn"), (-30.0, "warn")):
        parts = {"train": values, "validation": values, "test": [value + offset for value in values]}
        found = check_parts(parse(NUMBERS), division(NUMBERS, "time", parts))
        assert found.level == level, offset
