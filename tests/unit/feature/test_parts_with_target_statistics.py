"""From the feature step to the matrices of training: target statistics, the leakage check, and the served encoding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.feature import logic
from tenure.contract import Contract, parse
from tenure.errors import DataError
from tenure.training.encoded_part import read_part, read_transform
from tenure.transform.state import Category, Target

CHURN = """
name: small
label: {positive: left}
split: {by: customer}
columns:
  id: {type: integer, role: key}
  day: {type: date, role: time}
  months: {type: integer}
  plan: {type: category}
  town: {type: category, nullable: true}
  state: {type: category, values: [stays, left], role: label}
derived:
  crossed: {expression: 'concat(plan, "/", coalesce(town, "?"))', reason: Crossed}
"""
VALUE = """
name: small-value
task: regression
columns:
  id: {type: integer, role: key}
  months: {type: integer}
  plan: {type: category, encode: target}
  town: {type: category, nullable: true, encode: one_hot}
  spend: {type: number, role: label}
"""
ROWS = 3_000


def table(seed: int = 0) -> pa.Table:
    """1,000 customers with three rows each, whose towns and plans matter."""
    random = np.random.default_rng(seed)
    customer = np.arange(ROWS) // 3
    town = random.integers(0, 60, ROWS // 3)[customer]
    plan = random.integers(0, 3, ROWS // 3)[customer]
    chance = 0.1 + 0.5 * random.random(60)[town] + 0.1 * plan
    left = random.random(ROWS) < chance
    return pa.table(
        {
            "id": customer,
            "day": pa.array((np.datetime64("2024-01-31") + 31 * (np.arange(ROWS) % 3)).tolist(), pa.date32()),
            "months": pa.array(random.integers(0, 90, ROWS)),
            "plan": [f"plan {each}" for each in plan],
            "town": [None if each == 7 else f"town {each:02}" for each in town],
            "state": ["left" if each else "stays" for each in left],
            "spend": chance + random.normal(0, 0.1, ROWS),
            "_row": np.arange(ROWS) + 1,
        }
    )


def build(text: str, data: pa.Table, folder: Path) -> tuple[Contract, Path]:
    (folder / "valid").mkdir(parents=True)
    pq.write_table(data, folder / "valid" / "data.parquet", row_group_size=700)
    contract = parse(text)
    logic.run(text, folder / "valid", folder / "features")
    return contract, folder / "features"


def test_only_the_training_part_is_cross_fitted(tmp_path: Path) -> None:
    contract, features = build(CHURN, table(), tmp_path)
    transform = read_transform(features)
    kinds = {encoding.name: type(encoding) for encoding in transform.state.encodings}
    assert kinds["plan"] is Category
    assert kinds["town"] is kinds["crossed"] is Target
    places = [index for index, feature in enumerate(transform.features) if feature.kind == "target"]
    assert [transform.features[place].source for place in places] == ["town", "crossed"]
    for name in ("train", "validation"):
        part = read_part(features, name, contract, transform)
        rows = pq.read_table(features / f"{name}.parquet")
        served = transform.encode({column: rows.column(column) for column in transform.inputs}).matrix
        rest = np.delete(np.arange(served.shape[1]), places)
        np.testing.assert_array_equal(part.matrix[:, rest], served[:, rest])
        if name == "validation":
            np.testing.assert_array_equal(part.matrix, served)
            continue
        assert (part.matrix[:, places] != served[:, places]).mean() > 0.9
        assert np.corrcoef(part.matrix[:, places[0]], served[:, places[0]])[0, 1] > 0.9
        # The rows of a customer, which share a town, are in one fold.
        _, first, of_row = np.unique(part.key, return_index=True, return_inverse=True)
        np.testing.assert_array_equal(part.matrix[:, places[0]], part.matrix[first, places[0]][of_row])


def test_a_number_is_encoded_by_its_mean(tmp_path: Path) -> None:
    data = table().slice(0, ROWS).set_column(0, "id", pa.array(np.arange(ROWS)))
    contract, features = build(VALUE, data, tmp_path)
    transform = read_transform(features)
    encodings = {encoding.name: encoding for encoding in transform.state.encodings}
    assert isinstance(encodings["town"], Category)
    plan = encodings["plan"]
    assert isinstance(plan, Target)
    assert plan.means[0] < plan.means[1] < plan.means[2]
    train = pq.read_table(features / "train.parquet")
    spend, plans = train.column("_label").to_numpy(), np.array(train.column("plan").to_pylist())
    for value, mean in zip(plan.values, plan.means, strict=True):
        assert mean == pytest.approx(spend[plans == value].mean(), abs=0.005)
    assert np.isfinite(read_part(features, "train", contract, transform).matrix).all()


def test_the_leakage_check_sees_the_values_and_not_their_statistics(tmp_path: Path) -> None:
    """Honest towns of few rows pass, though each row's label is part of the mean; towns that are the label do not."""
    random = np.random.default_rng(3)
    towns = [f"town {each}" for each in random.integers(0, 250, ROWS // 3).repeat(3)]
    place = table().schema.get_field_index("town")
    build(CHURN, table().set_column(place, "town", pa.array(towns)), tmp_path / "honest")
    left = [state == "left" for state in table().column("state").to_pylist()]
    leaking = [f"town {index % 40 + 40 * gone}" for index, gone in enumerate(left)]
    with pytest.raises(DataError, match="'town'"):
        build(CHURN, table().set_column(place, "town", pa.array(leaking)), tmp_path / "leaking")
