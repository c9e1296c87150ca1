"""The leakage check inside the feature step: what it reads, what it writes, when it stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.feature import logic
from tenure.errors import ContractError, DataError
from tenure.features import leakage

ROWS = 600
CONTRACT = """
name: gate
label: {positive: left}
columns:
  id: {type: string, role: key}
  seen: {type: timestamp, role: time}
  usage: {type: number}
  closed: {type: date, nullable: true, max_missing_share: 1.0}
  survey: {type: number, nullable: true, max_missing_share: 1.0}
  status: {type: category}
  state: {type: category, values: [stays, left], role: label}
derived:
  days_open: {expression: "days_between(closed, seen)", reason: How long}
  is_new: {expression: status == "new", reason: New ones look around}
quality: {freshness_days: null}
"""


def columns() -> dict[str, Any]:
    random = np.random.default_rng(0)
    day = np.sort(random.integers(0, 300, ROWS))
    seen = np.datetime64("2024-01-01T12:00", "us") + day.astype("timedelta64[D]")
    closed = (seen - np.timedelta64(9, "D")).astype("datetime64[D]")
    return {
        "id": [f"c{number:05d}" for number in random.permutation(ROWS)],
        "seen": pa.array(seen),
        "usage": random.normal(size=ROWS),
        "closed": pa.array(closed, mask=random.random(ROWS) < 0.3),
        "survey": pa.array(random.normal(size=ROWS), mask=random.random(ROWS) < 0.4),
        "status": random.choice(["new", "known"], ROWS),
        "state": random.choice(["stays", "left"], ROWS, p=[0.7, 0.3]),
        "_row": np.arange(1, ROWS + 1),
    }


def run(folder: Path, changes: dict[str, Any], contract: str = CONTRACT) -> dict[str, Any]:
    (folder / "valid").mkdir()
    pq.write_table(pa.table(columns() | changes), folder / "valid" / "data.parquet", row_group_size=100)
    return logic.run(contract, folder / "valid", folder / "features")


def found(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "features" / "leakage.json").read_text(encoding="utf-8"))


def gone() -> dict[str, Any]:
    return {"status": np.where(np.asarray(columns()["state"]) == "left", "gone", "new")}


def test_a_clean_table_goes_on_and_says_what_was_checked(tmp_path: Path) -> None:
    assert run(tmp_path, {})["warnings"] == []
    document = found(tmp_path)
    assert document["rows"] == pq.read_metadata(tmp_path / "features" / "train.parquet").num_rows
    assert {check["level"] for check in document["checks"]} == {"pass"}


def test_a_recoded_label_stops_before_any_part_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"recoding of the label: column 'status'.* derived from it: is_new") as caught:
        run(tmp_path, gone())
    assert "\n" not in str(caught.value)
    assert [check["column"] for check in found(tmp_path)["checks"] if check["level"] == "stop"] == ["status"]
    assert not (tmp_path / "features" / "train.parquet").exists()


def test_the_contract_lets_it_pass_with_a_warning(tmp_path: Path) -> None:
    contract = CONTRACT.replace("quality: {", "quality: {leakage: warn, ")
    assert "status" in run(tmp_path, gone(), contract)["warnings"][0]
    assert (tmp_path / "features" / "train.parquet").exists()


def test_an_accepted_column_must_be_a_feature(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"leakage_accepted.*nothing"):
        run(tmp_path, {}, CONTRACT.replace("quality: {", "quality: {leakage_accepted: [nothing], "))
    with pytest.raises(ContractError, match=r"leakage_accepted.*state"):
        logic.run(CONTRACT.replace("quality: {", "quality: {leakage_accepted: [state], "), tmp_path, tmp_path)


def test_a_date_after_the_cut_stops(tmp_path: Path) -> None:
    seen = columns()["seen"].to_numpy()
    closed = (seen + np.timedelta64(1, "D")).astype("datetime64[D]")
    with pytest.raises(DataError, match="dated after the cut: column 'closed' lies after 'seen'"):
        run(tmp_path, {"closed": pa.array(closed)})


def test_a_column_filled_for_churners_only_stops(tmp_path: Path) -> None:
    stays = np.asarray(columns()["state"]) == "stays"
    half = np.random.default_rng(1).random(ROWS) < 0.5
    with pytest.raises(DataError, match="missing for one class: column 'survey'"):
        run(tmp_path, {"survey": pa.array(np.ones(ROWS) * np.arange(ROWS), mask=stays | half)})


def test_a_table_sorted_by_the_label_is_a_warning(tmp_path: Path) -> None:
    order = np.argsort(np.asarray(columns()["state"]), kind="stable")
    place = np.empty(ROWS, dtype=np.int64)
    place[order] = np.arange(ROWS)
    keys = [f"c{number:05d}" for number in place]
    assert len(run(tmp_path, {"_row": place + 1, "id": keys})["warnings"]) == 2


def test_the_order_of_row_numbers_as_keys_is_one_warning(tmp_path: Path) -> None:
    place = np.empty(ROWS, dtype=np.int64)
    place[np.argsort(np.asarray(columns()["state"]), kind="stable")] = np.arange(ROWS)
    contract = CONTRACT.replace("name: gate", "name: gate\nkey: row_number").replace(
        "  id: {type: string, role: key}\n", ""
    )
    (warning,) = run(tmp_path, {"_row": place + 1}, contract)["warnings"]
    assert "order of the rows in the source" in warning


def test_large_tables_are_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "MAX_ROWS", 200)
    with pytest.raises(DataError, match="column 'status'"):
        run(tmp_path, gone())
    assert 150 < found(tmp_path)["rows"] < 250
