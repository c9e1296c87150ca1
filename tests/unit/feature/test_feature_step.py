"""The feature step on small tables and on an event log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.feature import logic
from tenure.contract import parse
from tenure.contract.sources import sources_of, table_folder
from tenure.errors import ContractError, DataError, StorageError
from tenure.features import rows
from tenure.features.split import PARTS
from tenure.transform import Transform

TABLE = """
name: small
label: {positive: left}
columns:
  id: {type: integer, role: key}
  months: {type: integer, range: [0, 100], unit: months, description: How long}
  plan: {type: category}
  gender: {type: category, role: sensitive}
  note: {type: string, role: ignored}
  region: {type: category, role: ignored}
  state: {type: category, values: [stays, left], role: label}
derived:
  new: {expression: months < 3, reason: First months}
  band: {expression: "bucket(months, 0, 6, 24)", reason: Steps}
  price: {expression: "12 / months", unit: USD, reason: Dear}
slices: [region]
"""
LOG = """
name: log
label: {horizon_days: 10}
events: {cuts: [2024-01-11, 2024-01-21, 2024-01-31], active_days: 10}
split: {train: 0.34, validation: 0.33, test: 0.33}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
  amount: {type: number}
windows:
  orders: {aggregate: count, reason: Often}
  spend: {aggregate: sum, column: amount, days: 7, unit: USD, reason: Much}
derived:
  per_order: {expression: spend / orders, reason: Basket}
"""


def table(rows: int = 200) -> pa.Table:
    numbers = np.arange(rows)
    return pa.table(
        {
            "id": numbers + 1000,
            "months": pa.array((numbers * 7 % 90).tolist(), pa.int64()),
            "plan": [["basic", "plus", "max"][i % 3] for i in range(rows)],
            "gender": [["f", "m"][i % 2] for i in range(rows)],
            "region": [["n", "s"][i % 2] for i in range(rows)],
            "state": ["left" if i % 4 == 0 else "stays" for i in range(rows)],
            "_row": numbers + 1,
        }
    )


def run(contract: str, data: pa.Table, folder: Path) -> dict[str, Any]:
    for table in sources_of(parse(contract)):
        place = table_folder(folder / "valid", table)
        place.mkdir(parents=True)
        pq.write_table(data, place / "data.parquet", row_group_size=64)
    return logic.run(contract, folder / "valid", folder / "features")


def parts(folder: Path) -> dict[str, pa.Table]:
    return {part: pq.read_table(folder / "features" / f"{part}.parquet") for part in PARTS}


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / "features" / name).read_text(encoding="utf-8"))


def test_parts_hold_every_row_once_with_its_label(tmp_path: Path) -> None:
    summary = run(TABLE, table(), tmp_path)
    found = parts(tmp_path)
    assert (
        summary["rows"]
        == {part: found[part].num_rows for part in PARTS}
        == {"train": 140, "validation": 31, "test": 29}
    )
    whole = pa.concat_tables(found.values()).sort_by("id")
    assert whole.column("id").to_pylist() == table().column("id").to_pylist()
    assert whole.column("_row").to_pylist() == table().column("_row").to_pylist()
    assert whole.column("_label").to_pylist() == [int(state == "left") for state in table().column("state").to_pylist()]
    assert whole.schema.field("_label").type == pa.int8()
    assert "state" not in whole.column_names
    assert {"months", "plan", "gender", "region", "new", "band", "price"} < set(whole.column_names)
    by_id = whole.slice(0, 1).to_pylist()[0]
    assert (by_id["months"], by_id["new"], by_id["band"], by_id["price"]) == (0, True, "0\N{EN DASH}6", None)


def test_the_transform_knows_the_training_part_alone(tmp_path: Path) -> None:
    run(TABLE, table(), tmp_path)
    found = parts(tmp_path)
    transform = Transform.from_json((tmp_path / "features" / "transform.json").read_text(encoding="utf-8"))
    months = next(encoding for encoding in transform.state.encodings if encoding.name == "months")
    assert months.impute == np.median(found["train"].column("months").to_numpy())
    assert months.impute != np.median(table().column("months").to_numpy())
    assert transform.inputs == ("months", "plan")


def test_training_part_is_encoded_as_a_request_is(tmp_path: Path) -> None:
    run(TABLE, table(), tmp_path)
    test = parts(tmp_path)["test"]
    transform = Transform.from_json((tmp_path / "features" / "transform.json").read_text(encoding="utf-8"))
    matrix = transform.encode({name: test[name] for name in transform.inputs}).matrix
    for index, row in enumerate(test.to_pylist()):
        request = {"months": [str(row["months"])], "plan": [row["plan"].encode()]}
        np.testing.assert_array_equal(transform.encode(request).matrix[0], matrix[index])


def test_definitions_tell_people_what_there_is(tmp_path: Path) -> None:
    run(TABLE, table(), tmp_path)
    document = read(tmp_path, "definitions.json")
    by_name = {feature["name"]: feature for feature in document["features"]}
    assert list(by_name) == ["months", "plan", "new", "band", "price"]
    assert by_name["months"]["unit"] == "months"
    assert by_name["new"]["definition"] == "months < 3"
    assert by_name["new"]["reason"] == "First months"
    assert by_name["price"]["from"] == ["months"]
    assert by_name["plan"]["encoding"]["values"] == ["basic", "max", "plus"]
    transform = Transform.from_json((tmp_path / "features" / "transform.json").read_text(encoding="utf-8"))
    assert [column["name"] for column in document["matrix"]] == [feature.name for feature in transform.features]


def test_split_is_told(tmp_path: Path) -> None:
    run(TABLE, table(), tmp_path)
    split = read(tmp_path, "split.json")
    assert split["strategy"] == "stratified"
    assert split["positives"] == {
        part: int(np.sum(parts(tmp_path)[part].column("_label").to_numpy())) for part in PARTS
    }
    assert split["keys_in_several_parts"] == 0
    assert sum(split["churn_rates"].values()) == pytest.approx(0.75, abs=0.05)


def test_of_a_panel_a_customer_is_in_one_part_with_all_rows(tmp_path: Path) -> None:
    single = table()
    months = pa.concat_tables([single] * 3)
    months = months.set_column(months.column_names.index("_row"), "_row", pa.array(range(1, 601)))
    days = [day for day in ("2024-03-31", "2024-04-30", "2024-05-31") for _ in range(single.num_rows)]
    months = months.append_column("day", pa.array(np.array(days, dtype="datetime64[D]")).cast(pa.date32()))
    order = np.random.default_rng(5).permutation(600)
    contract = TABLE.replace("derived:", "  day: {type: date, role: time}\nsplit: {by: customer}\nderived:")
    run(contract, months.take(pa.array(order)), tmp_path)
    split, found = read(tmp_path, "split.json"), parts(tmp_path)
    assert (split["strategy"], split["by"], split["keys_in_several_parts"]) == ("stratified", "customer", 0)
    customers = {part: set(found[part].column("id").to_pylist()) for part in PARTS}
    assert sum(len(inside) for inside in customers.values()) == single.num_rows
    assert split["customers"] == {part: len(inside) for part, inside in customers.items()}
    assert all(found[part].num_rows == 3 * len(customers[part]) for part in PARTS)
    # As a table with one row a customer is divided.
    (tmp_path / "single").mkdir()
    run(TABLE, single, tmp_path / "single")
    for part, rows_of_part in parts(tmp_path / "single").items():
        assert set(rows_of_part.column("id").to_pylist()) == customers[part]


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(TABLE, table(), tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one" / "features").iterdir())
    documents = ("definitions.json", "leakage.json", "reduction.json", "split.json", "transform.json")
    assert files == sorted([*(f"{part}.parquet" for part in PARTS), *documents])
    for name in files:
        assert (tmp_path / "one/features" / name).read_bytes() == (tmp_path / "two/features" / name).read_bytes()


def test_batches_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    run(TABLE, table(), tmp_path / "one")
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)
    (tmp_path / "two").mkdir()
    run(TABLE, table(), tmp_path / "two")
    assert read(tmp_path / "one", "transform.json") == read(tmp_path / "two", "transform.json")
    for part, whole in parts(tmp_path / "one").items():
        assert whole.equals(parts(tmp_path / "two")[part])


def log() -> pa.Table:
    """Customers 00 to 39 order every fifth day; those with an even number stop on the tenth, twentieth or thirtieth."""
    rows = []
    for customer in range(40):
        last = 41 if customer % 2 else 10 * (1 + customer % 3)
        rows += [
            (f"{customer:02}", np.datetime64("2024-01-01") + day, float(day)) for day in range(customer % 5, last, 5)
        ]
    rows.append(("zz", np.datetime64("2024-02-09"), 1.0))
    ids, days, amounts = zip(*rows, strict=True)
    return pa.table(
        {
            "id": ids,
            "day": pa.array(np.array(days)).cast(pa.date32()),
            "amount": amounts,
            "_row": range(1, len(rows) + 1),
        }
    )


def test_an_event_log_becomes_snapshots(tmp_path: Path) -> None:
    summary = run(LOG, log(), tmp_path)
    found = parts(tmp_path)
    assert summary["strategy"] == "time"
    assert {part: found[part].column("cut").unique().to_pylist()[0].isoformat() for part in PARTS} == {
        "train": "2024-01-11",
        "validation": "2024-01-21",
        "test": "2024-01-31",
    }
    assert read(tmp_path, "split.json")["cuts"]["test"] == ["2024-01-31"]
    assert read(tmp_path, "split.json")["keys_in_several_parts"] > 0
    assert found["train"].column_names == ["id", "cut", "orders", "spend", "_row", "per_order", "_label"]
    definitions = {feature["name"]: feature for feature in read(tmp_path, "definitions.json")["features"]}
    assert definitions["spend"]["definition"] == "sum of amount over the 7 days before the cut"
    assert definitions["orders"]["definition"] == "number of events over all days before the cut"


def test_what_cannot_be_divided_is_said(tmp_path: Path) -> None:
    one_class = table().set_column(5, "state", pa.array(["stays"] * 200))
    with pytest.raises(DataError, match="no customer who left"):
        run(TABLE, one_class, tmp_path)
    assert not (tmp_path / "features").exists()


def test_a_missing_label_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="200 rows have no 'state'"):
        run(TABLE, table().set_column(5, "state", pa.nulls(200, pa.string())), tmp_path)


def test_rows_without_a_label_are_counted_over_all_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)
    state = pa.array([None if i % 50 == 3 else ["left", "stays"][i % 2] for i in range(200)])
    with pytest.raises(DataError, match="4 rows have no 'state'"):
        run(TABLE, table().set_column(5, "state", state), tmp_path)


def test_reading_holds_a_few_batches_not_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 4_096)
    numbers = np.random.default_rng(0).normal(size=(2, 400_000))
    pq.write_table(pa.table({"a": numbers[0], "b": numbers[1]}), tmp_path / "wide.parquet", row_group_size=4_096)
    before, held = pa.total_allocated_bytes(), []
    read = rows.of_file(tmp_path / "wide.parquet")
    for batch in read.batches(None):
        held.append(pa.total_allocated_bytes() - before)
        assert batch.num_rows <= 4_096
    assert read.count == 400_000
    assert max(held) < numbers.nbytes / 4


def test_a_contract_or_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        logic.run("name: [", tmp_path, tmp_path / "features")
    with pytest.raises(StorageError, match="cannot read"):
        logic.run(TABLE, tmp_path, tmp_path / "features")
    (tmp_path / "data.parquet").write_bytes(b"no parquet")
    with pytest.raises(StorageError, match="cannot read"):
        logic.run(TABLE, tmp_path, tmp_path / "features")
    pq.write_table(table(), tmp_path / "data.parquet")
    whole = (tmp_path / "data.parquet").read_bytes()
    (tmp_path / "data.parquet").write_bytes(whole[:4] + bytes(600) + whole[604:])
    with pytest.raises(StorageError, match="cannot read"):
        logic.run(TABLE, tmp_path, tmp_path / "features")
