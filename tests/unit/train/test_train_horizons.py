"""Hazards of the parts of a horizon: recovered where the truth is known, and no more complex than the rows allow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.contract import Contract, parse
from tenure.decision.calibration import sigmoid
from tenure.training.encoded_part import EncodedPart
from tenure.training.horizons import HorizonRows, MadeHorizons, fit, make_horizons

TABLE = """
version: 2
name: shop
zone: UTC
tables:
  customers: {kind: entity, columns: {customer: {type: string, role: key}, age: {type: number}}}
  orders: {kind: events, columns: {who: {type: string, role: key}, at: {type: timestamp, role: time}}}
label: {kind: KIND, table: orders, horizon: 30 days, times: [10 days, 20 days]}
cuts: [2026-03-01]
"""


def contract(kind: str = "event", times: str = ", times: [10 days, 20 days]") -> Contract:
    return parse(TABLE.replace("KIND", kind).replace(", times: [10 days, 20 days]", times))


def drawn(rows: int, effect: float, seed: int = 1) -> tuple[HorizonRows, np.ndarray]:
    """Rows of a model that knows the probability of the event, and the true probabilities within 10 and 20 days.

    The log-odds of the hazard are moved by ``effect`` times the first feature in the first part, and against it in the
    last, and the main model knows the probability that follows.
    """
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 3)).astype(np.float32)
    base = random.normal(-2.0, 0.7, rows)
    hazards = sigmoid(base[:, None] + effect * matrix[:, [0]] * np.array([1.0, 0.0, -1.0]))
    reached = 1.0 - np.cumprod(1.0 - hazards, axis=1)
    part = (random.random((rows, 1)) > reached).sum(axis=1) + 1
    part[part == 4] = 0
    return HorizonRows(matrix, reached[:, 2], part.astype(np.int8), None), reached[:, :2]


def made(folder: Path, described: Contract, rows: HorizonRows, scores: np.ndarray) -> MadeHorizons:
    """The hazards, from folders as steps write them; of the training part no row is held out."""
    names = {"train": np.full(5, 3, dtype=np.int8), "validation": rows.part}
    for name, parts in names.items():
        pq.write_table(pa.table({"_part": parts}), folder / f"{name}.parquet")
    label = (rows.part > 0).astype(np.int8)
    held = EncodedPart(rows.matrix, label, np.arange(len(label)), None, {})
    return make_horizons(described, held, np.arange(5, 5 + len(label)), scores, folder)


def within(found: MadeHorizons, rows: HorizonRows) -> np.ndarray:
    (horizons,) = found.additions
    return rows.happens[:, None] * horizons.distribution(rows.matrix, rows.happens)[:, :2]


def test_hazards_that_depend_on_a_feature_are_recovered(tmp_path: Path) -> None:
    rows, _ = drawn(6_000, effect=1.0)
    found = made(tmp_path, contract(), rows, rows.happens)
    assert found.record is not None
    assert (found.record["model"], found.record["rows"]) == ("features", 6_000)
    assert found.record["events"] == np.bincount(rows.part)[1:].tolist()
    losses = found.record["log_loss"]
    assert losses["features"] < losses["shrunk_features"] < losses["risk"] < losses["constant"]
    fresh, true = drawn(4_000, effect=1.0, seed=2)
    assumed = fresh.happens[:, None] * fit(found.additions[0].label, rows, "constant").distribution(
        fresh.matrix, fresh.happens
    )
    error = np.abs(within(found, fresh) - true).mean(axis=0)
    assert (error < 0.3 * np.abs(assumed[:, :2] - true).mean(axis=0)).all()
    # Calibrated at each time, as the main probability is over all of them.
    happened = np.stack([(fresh.part > 0) & (fresh.part <= number) for number in (1, 2)], axis=1)
    np.testing.assert_allclose(within(found, fresh).mean(axis=0), happened.mean(axis=0), atol=0.015)


def test_what_the_rows_do_not_show_is_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    happens = random.beta(2.0, 6.0, 3_000)
    reached = 1.0 - (1.0 - happens[:, None]) ** (np.arange(1, 4) / 3)
    part = (random.random((3_000, 1)) > reached).sum(axis=1) + 1
    part[part == 4] = 0
    rows = HorizonRows(random.normal(size=(3_000, 40)).astype(np.float32), happens, part.astype(np.int8), None)
    found = made(tmp_path, contract(), rows, rows.happens)
    assert found.record is not None and found.record["model"] == "constant"
    np.testing.assert_allclose(within(found, rows), reached[:, :2], rtol=1e-9)


def test_of_silence_the_event_is_what_ends_it(tmp_path: Path) -> None:
    rows, _ = drawn(3_000, effect=1.0)
    silence = made(tmp_path, contract("no_event"), rows, 1.0 - rows.happens)
    event = made(tmp_path, contract(), rows, 1.0 - (1.0 - rows.happens))
    assert silence.record == event.record
    for name, number in event.additions[0].to_document().items():
        assert number == silence.additions[0].to_document()[name]


@pytest.mark.parametrize("part", [0, 1])
def test_rows_without_an_event_or_with_events_in_one_part_are_fitted(tmp_path: Path, part: int) -> None:
    rows, _ = drawn(60, effect=0.0)
    rows = HorizonRows(rows.matrix, rows.happens, np.full(60, part, dtype=np.int8), None)
    probabilities = within(made(tmp_path, contract(), rows, rows.happens), rows)
    assert np.isfinite(probabilities).all() and (probabilities[:, 0] <= probabilities[:, 1]).all()


def test_a_label_without_times_has_none(tmp_path: Path) -> None:
    rows, _ = drawn(60, effect=0.0)
    assert made(tmp_path, contract(times=""), rows, rows.happens) == MadeHorizons((), None)


def test_the_same_rows_give_the_same_hazards(tmp_path: Path) -> None:
    rows, _ = drawn(12_000, effect=1.0)  # more than are fitted on
    first, second = (made(tmp_path, contract(), rows, rows.happens) for _ in range(2))
    assert first.record == second.record
    assert first.additions[0].to_document() == second.additions[0].to_document()
