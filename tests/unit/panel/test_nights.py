"""A log that grows by a day: the next night trains on other days, and no cache holds the old ones."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest
from growing_log import CONTRACT, FIRST, write_log

import tenure
from components.content import folder_hash
from components.feature.logic import run as feature
from components.ingest.logic import run as ingest
from components.validate.logic import run as validate
from pipelines.graphs.request import read_request
from tenure.contract import parse
from tenure.training.encoded_part import folds_of, read_part, read_transform


def night(home: Path, days: int, text: str = CONTRACT) -> tuple[dict[str, Any], str, Path]:
    """What a run of the night finds: the record of the split, the fingerprint of the data, the features' folder."""
    home.mkdir(exist_ok=True)
    (home / "contract.yaml").write_text(text)
    write_log(home, days)
    request = read_request(home)
    folder = home / f"night-{days}"
    ingest(request.text, None, folder / "raw", home)
    validate(request.text, folder / "raw", folder / "valid")
    feature(request.text, folder / "valid", folder / "features")
    split = json.loads((folder / "features" / "split.json").read_text())
    return split, request.fingerprint, folder


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, Any], str, Path]]:
    home = tmp_path_factory.mktemp("nights")
    return [night(home, days) for days in (40, 41)]


def cuts(split: dict[str, Any]) -> list[date]:
    return [date.fromisoformat(each["cut"]) for each in split["panel"]]


def test_the_second_night_has_other_cuts(nights: list[tuple[dict[str, Any], str, Path]]) -> None:
    first, second = (cuts(split) for split, *_ in nights)
    last = FIRST + timedelta(days=40 - 3)
    assert first == [last - timedelta(days=back) for back in reversed(range(12))]
    assert second == [cut + timedelta(days=1) for cut in first]
    for split, *_ in nights:
        parts = split["cuts"]
        assert sum(len(parts[part]) for part in ("train", "validation", "test")) == 12 - 4
        assert max(parts["test"]) == max(each["cut"] for each in split["panel"])
    assert nights[0][0]["cuts"]["test"] != nights[1][0]["cuts"]["test"]


def test_no_cache_takes_one_night_for_the_other(nights: list[tuple[dict[str, Any], str, Path]]) -> None:
    assert nights[0][1] != nights[1][1]
    for name in ("raw", "valid", "features"):
        assert folder_hash(nights[0][2] / name) != folder_hash(nights[1][2] / name)


def test_what_a_night_held_for_a_cut_the_next_holds_too(nights: list[tuple[dict[str, Any], str, Path]]) -> None:
    def rows(folder: Path) -> dict[tuple[str, date], dict[str, Any]]:
        found = {}
        for part in ("train", "validation", "test"):
            for row in pq.read_table(folder / "features" / f"{part}.parquet").to_pylist():
                del row["_row"]
                found[row["customer"], row["cut"]] = row
        return found

    first, second = (rows(folder) for *_, folder in nights)
    both = set(first) & set(second)
    assert len(both) > 300
    assert all(first[each] == second[each] for each in both)


def test_cuts_left_out_between_the_parts_are_counted(nights: list[tuple[dict[str, Any], str, Path]]) -> None:
    split = nights[0][0]
    assert len(split["embargo"]["cuts"]) == 4
    assert split["overlapping_cuts"] == 2
    by_cut = {each["cut"]: each["eligible"] for each in split["panel"]}
    assert split["embargo"]["rows"] == sum(by_cut[cut] for cut in split["embargo"]["cuts"])
    assert sum(split["rows"].values()) + split["embargo"]["rows"] == sum(by_cut.values())
    checks = json.loads((nights[0][2] / "features" / "leakage.json").read_text())["checks"]
    assert f"left out {split['embargo']['rows']:,} at 4 cuts whose labels" in checks[1]["message"]
    assert "horizons overlap: the label of a cut is known only after up to 2 later cuts" in checks[0]["message"]


@pytest.mark.parametrize(
    ("every", "kind"), [("every: 1 days, count: 36", "date"), ("every: 6 hours, count: 96", "timestamp")]
)
def test_folds_of_overlapping_cuts_keep_labels_of_the_future_out(every: str, kind: str, tmp_path: Path) -> None:
    text = CONTRACT.replace("every: 1 days, count: 12", every).replace("type: date", f"type: {kind}")
    contract = parse(text)
    features = night(tmp_path / "home", 55, text)[2] / "features"
    part = read_part(features, "train", contract, read_transform(features))
    folds = folds_of(part, contract)
    assert folds.kind == "time"
    assert len(folds.folds) >= 3
    assert part.time is not None
    for fold in folds.folds:
        assert (part.time[fold.train] + np.timedelta64(3, "D")).max() <= part.time[fold.held].min()


def test_the_record_is_what_the_published_schema_says(nights: list[tuple[dict[str, Any], str, Path]]) -> None:
    schema = json.loads((Path(tenure.__file__).parent / "schemas" / "evaluation-1.json").read_text())
    jsonschema.validate(nights[0][0], schema["properties"]["split"])
    assert nights[0][0]["horizon_days"] == 3.0


def test_by_customer_no_cut_is_left_out(tmp_path: Path) -> None:
    split, _, folder = night(tmp_path, 40, CONTRACT.replace("split: {", "split: {by: customer, "))
    assert split["strategy"] == "stratified"
    assert split["embargo"] == {"cuts": [], "rows": 0}
    assert split["keys_in_several_parts"] == 0
    assert len(split["cuts"]["test"]) == 12
    contract = parse(CONTRACT.replace("split: {", "split: {by: customer, "))
    part = read_part(folder / "features", "train", contract, read_transform(folder / "features"))
    assert folds_of(part, contract).kind == "grouped"
