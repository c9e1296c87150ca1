"""What a bundle carries to be compared with: of an event log the windows too, which are what its model takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.contract import parse
from tenure.stats import Profile, Sketch, build, distances
from tenure.training.profile import reference_profile

EVENTS = """
name: shop
label: {horizon_days: 30}
events: {cuts: [2024-01-01, 2024-02-01], active_days: 60}
windows: {orders: {aggregate: count, reason: r}}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
  amount: {type: number}
"""
TABLE = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  amount: {type: number}
  left: {type: category, role: label}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    amounts = pa.RecordBatch.from_pydict({"amount": np.linspace(1.0, 90.0, 900)})
    (tmp_path / "profile.json").write_text(build([amounts], {"amount": parse(TABLE).columns["amount"]}).to_json())
    snapshots = pa.table({"id": ["a"] * 300, "orders": np.arange(300.0) % 7, "_label": [0] * 300})
    pq.write_table(snapshots, tmp_path / "train.parquet")
    return tmp_path


def test_the_windows_of_an_event_log_can_be_compared(place: Path) -> None:
    contract = parse(EVENTS)
    profile = Profile.from_dict(reference_profile(contract, place, place))
    assert (set(profile.columns), profile.rows) == ({"amount", "orders"}, 300)
    sketch = Sketch(contract.inputs)
    sketch.add(pa.RecordBatch.from_pydict({"orders": np.full(300, 6.0)}))
    assert distances(profile, sketch)["orders"] > 1.0


def test_of_a_table_it_is_what_validate_found(place: Path) -> None:
    profile = Profile.from_dict(reference_profile(parse(TABLE), place, place))
    assert (set(profile.columns), profile.rows) == ({"amount"}, 900)
