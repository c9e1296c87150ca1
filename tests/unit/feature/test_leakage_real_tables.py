"""The leakage check on the repository's own tables: they pass as they are, and what is planted in one is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
import yaml

from components.feature.logic import run as feature
from components.ingest.logic import run as ingest
from components.validate.logic import run as validate
from tenure.errors import DataError

DATASETS = Path(__file__).resolve().parents[3] / "datasets"
ROWS = 1_500


def features_of(home: Path, contract: str, data: Path | None = None, base: Path = DATASETS) -> list[dict]:
    """What the check found after ingest, validate and feature."""
    for name in ("raw", "valid", "features"):
        (home / name).mkdir()
    ingest(contract, None if data is None else str(data), home / "raw", base)
    validate(contract, home / "raw", home / "valid")
    feature(contract, home / "valid", home / "features")
    return checks_in(home)


def checks_in(home: Path) -> list[dict]:
    return json.loads((home / "features" / "leakage.json").read_text(encoding="utf-8"))["checks"]


@pytest.mark.parametrize("dataset", ["telco", "cdnow", "gym"])
def test_a_clean_table_passes(dataset: str, tmp_path: Path) -> None:
    folder = DATASETS / dataset
    checks = features_of(tmp_path, (folder / "contract.yaml").read_text(encoding="utf-8"), base=folder)
    assert [check["message"] for check in checks if check["level"] != "pass"] == []


def left(table: pa.Table) -> np.ndarray:
    return np.asarray(table.column("Churn")) == "Yes"


def ranks(table: pa.Table) -> np.ndarray:
    """A retention score of afterwards."""
    return np.random.default_rng(1).normal(size=table.num_rows) + 6.0 * left(table)


def recodes(table: pa.Table) -> np.ndarray:
    return np.where(left(table), "1", "0")


def only_for_those_who_left(table: pa.Table) -> np.ndarray:
    return np.where(left(table) & (np.arange(table.num_rows) % 3 > 0), "12", "")


def constant(table: pa.Table) -> np.ndarray:
    return np.full(table.num_rows, "7")


NUMBER = {"type": "number", "nullable": True, "max_missing_share": 1.0}
PLANTS = [
    (ranks, NUMBER, "stop"),
    (recodes, {"type": "category"}, "stop"),
    (only_for_those_who_left, NUMBER, "stop"),
    (constant, NUMBER, "warn"),
]


def planted(home: Path, plant: object, column: dict, quality: str, derived: dict | None = None) -> tuple[str, Path]:
    """Telco's contract and first rows with one column more."""
    text = pa.csv.ConvertOptions(strings_can_be_null=False)
    table = pa.csv.read_csv(DATASETS / "telco" / "telco_churn.csv", convert_options=text).slice(0, ROWS)
    table = table.append_column("planted", pa.array(plant(table)).cast(pa.string()))
    pa.csv.write_csv(table, home / "planted.csv")
    contract = yaml.safe_load((DATASETS / "telco" / "contract.yaml").read_text(encoding="utf-8"))
    contract["columns"]["planted"] = column
    contract["derived"] |= derived or {}
    contract["quality"] = {"freshness_days": None, "leakage": quality}
    return yaml.safe_dump(contract, sort_keys=False), home / "planted.csv"


@pytest.mark.parametrize(("plant", "column", "level"), PLANTS, ids=[plant.__name__ for plant, _, _ in PLANTS])
def test_what_is_planted_is_named_and_stops_or_warns(plant: object, column: dict, level: str, tmp_path: Path) -> None:
    for setting in ("stop", "warn"):
        home = tmp_path / setting
        home.mkdir()
        contract, data = planted(home, plant, column, setting)
        if setting == "stop" and level == "stop":
            with pytest.raises(DataError, match="column 'planted'") as caught:
                features_of(home, contract, data)
            assert "\n" not in str(caught.value)
        else:
            features_of(home, contract, data)
        found = [check for check in checks_in(home) if check["level"] != "pass"]
        assert [check["column"] for check in found] == ["planted"]
        assert found[0]["level"] == (level if setting == "stop" else "warn")


def test_what_is_made_of_a_leak_is_named_along(tmp_path: Path) -> None:
    derived = {"hint": {"expression": "planted * 2 + tenure", "reason": "Made of a leak"}}
    contract, data = planted(tmp_path, ranks, NUMBER, "stop", derived)
    with pytest.raises(DataError, match=r"column 'planted'.*derived from it: hint"):
        features_of(tmp_path, contract, data)
