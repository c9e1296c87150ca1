"""Coverage of prediction intervals by group: one width for all customers against one that follows the prediction.

The same models, fitted to the same rows, with both widths measured on the same validation part: on CDNOW, by the
pipeline's own steps up to the features; and on customers made as in ``benchmarks/value_verdict.py``, of whom there are
enough for a precise result.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.table import Row, show
from benchmarks.value_verdict import LEVEL, Model, customers
from tenure.contract import dump, load
from tenure.decision import HalfWidth, adaptive_half_width, conformal_half_width
from tenure.training.families import Rows, get

CDNOW = Path(__file__).resolve().parent.parent / "datasets" / "cdnow-value"
FAMILIES = ("linear_regression", "random_forest_regression")
VALIDATION_ROWS, TEST_ROWS = 4_000, 500_000
TENTHS = 10
MOST = 0.02
"""Share of the customers whose prediction is largest: those whom a campaign is about."""


def main() -> None:
    rows = _rows("", _made(VALIDATION_ROWS, 1), _made(TEST_ROWS, 2), {})
    show(f"Intervals at {LEVEL:.0%}, {TEST_ROWS:,} customers made up, {VALIDATION_ROWS:,} rows of validation", rows)
    with tempfile.TemporaryDirectory() as place:
        show(f"Intervals at {LEVEL:.0%}, CDNOW, what customers will spend", _cdnow(Path(place)))


def _made(rows: int, seed: int) -> tuple[NDArray, NDArray]:
    """Label and predicted value."""
    random = np.random.default_rng(seed)
    label, trait, region = customers(rows, random)
    return label, Model().seen(trait, region, random)


def _cdnow(home: Path) -> list[Row]:
    from components.feature.logic import run as feature
    from components.ingest.logic import run as ingest
    from components.validate.logic import run as validate
    from tenure.training.encoded_part import read_part, read_transform

    contract = load(CDNOW)
    text, features = dump(contract), home / "features"
    for folder in ("raw", "valid", "features"):
        (home / folder).mkdir()
    with contextlib.redirect_stdout(io.StringIO()):  # the steps' progress
        ingest(text, None, home / "raw", CDNOW)
        validate(text, home / "raw", home / "valid")
        feature(text, home / "valid", features)
    transform = read_transform(features)
    train, validation = (read_part(features, name, contract, transform) for name in ("train", "validation"))
    table = pq.read_table(features / "test.parquet")
    encoded = transform.encode({name: table[name] for name in transform.inputs}).matrix
    slices = {"orders": np.digitize(table["orders"].to_numpy(), (2, 3, 6))}
    both = Rows(np.concatenate([train.matrix, validation.matrix]), np.concatenate([train.label, validation.label]))
    rows = []
    for name in FAMILIES:
        family = get(name)
        judged, shipped = (
            family.fit(given, family.default, seed=contract.training.seed, threads=1)
            for given in (Rows(train.matrix, train.label), both)
        )
        held, said = (np.maximum(0.0, m.predict(x)) for m, x in ((judged, validation.matrix), (shipped, encoded)))
        rows += _rows(f"{name}, ", (validation.label, held), (table["_label"].to_numpy(), said), slices)
    return rows


def _rows(
    name: str, validation: tuple[NDArray, NDArray], test: tuple[NDArray, NDArray], slices: Mapping[str, NDArray]
) -> list[Row]:
    """Label and value of both parts; for each slice the test rows' groups."""
    label, value = validation
    off = np.abs(value - label)
    widths = {
        "one width for all": HalfWidth((0.0,), (conformal_half_width(off, LEVEL),)),
        "by predicted value": adaptive_half_width(value, off, LEVEL),
    }
    label, value = test
    order = np.argsort(value, kind="stable")
    parts = {
        "tenths by prediction": np.array_split(order, TENTHS),
        **{f"parts by {column}": _groups(group) for column, group in slices.items()},
    }
    rows = []
    for kind, half in widths.items():
        low, high = np.maximum(0.0, value - half.at(value)), value + half.at(value)
        inside = (low <= label) & (label <= high)
        spans = []
        for which, groups in parts.items():
            shares = [float(inside[group].mean()) for group in groups]
            spans.append(f"{which} {min(shares):.0%} to {max(shares):.0%}")
        most = inside[order[-max(1, round(MOST * len(order))) :]].mean()
        said = f"{inside.mean():.1%} inside; {'; '.join(spans)}; the {MOST:.0%} with the largest {most:.0%}"
        rows.append(Row(f"{name}{kind}", said, f"{LEVEL:.0%} each; {np.mean(high - low):.1f} wide"))
    return rows


def _groups(group: NDArray) -> list[NDArray]:
    return [np.flatnonzero(group == number) for number in np.unique(group)]


if __name__ == "__main__":
    main()
