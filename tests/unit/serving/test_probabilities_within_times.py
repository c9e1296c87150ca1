"""Probabilities within times: the same from the bundle, in the files of scoring, and in answers of all protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bundle_variants import timed
from test_additions import Server
from video_service import Video, video, write_dataset

from serving.inference.model import ChurnModel
from tenure.bundle import Bundle, read
from tenure.intake.locate import locate
from tenure.scoring.score import score

__all__ = ["video"]

NAMES = ["probability_within_7d", "probability_within_14d", "probability_within_30d"]
DAY = "2026-03-30"


@pytest.fixture(scope="module")
def loaded(video: Video, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("timed") / "bundle"
    timed(video.folder, folder)
    return read(folder)


@pytest.fixture(scope="module")
def inputs(video: Video, loaded: Bundle) -> dict[str, list[Any]]:
    rows = video.at(DAY).slice(0, 20)
    whole = np.logical_and.reduce([rows[name].is_valid().to_numpy() for name in loaded.contract.inputs])
    rows = rows.filter(pa.array(whole))
    return {name: rows[name].to_pylist() for name in loaded.contract.inputs}


def test_every_protocol_answers_as_the_bundle_predicts(loaded: Bundle, inputs: dict[str, list[Any]]) -> None:
    predicted = loaded.predict(inputs, additions=True)
    assert predicted.added is not None
    expected = {name: np.asarray(values).tolist() for name, values in predicted.added.items()}
    assert list(expected) == NAMES and len(expected[NAMES[0]]) > 5
    server = Server(loaded)
    assert server.v2(inputs, NAMES) == expected
    assert server.grpc(inputs, NAMES) == expected
    assert server.v1(inputs, NAMES) == [
        dict(zip(NAMES, row, strict=True)) for row in zip(*expected.values(), strict=True)
    ]
    both = server.v2(inputs, ["probability", NAMES[2]])
    assert both["probability"] == both[NAMES[2]]
    assert set(NAMES).isdisjoint(server.v2(inputs))


def test_one_row_is_answered_as_one_of_many(loaded: Bundle, inputs: dict[str, list[Any]]) -> None:
    whole = Server(loaded).v2(inputs, NAMES)
    for place in range(3):
        row = {name: values[place : place + 1] for name, values in inputs.items()}
        assert Server(loaded).v2(row, NAMES) == {name: values[place : place + 1] for name, values in whole.items()}


def test_metadata_names_them(loaded: Bundle) -> None:
    listed = {output["name"]: output["datatype"] for output in ChurnModel("video", loaded).output_types()}
    assert [listed[name] for name in NAMES] == ["FP64"] * 3


def test_scoring_writes_them_beside_the_probability(loaded: Bundle, video: Video, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", video.rows)
    run = score(loaded, locate(dataset).data, tmp_path / "scores", as_of=DAY)
    (part,) = sorted(run.folder.glob("part-*.parquet"))
    table = pq.read_table(part)
    rows = video.at(DAY, table["key"].to_pylist())
    order = {key: place for place, key in enumerate(rows["subscriber_id"].to_pylist())}
    rows = rows.take(pa.array([order[key] for key in table["key"].to_pylist()]))
    added = loaded.predict({name: rows[name] for name in loaded.contract.inputs}, additions=True).added
    assert added is not None
    for name in NAMES:
        np.testing.assert_array_equal(table[name].to_numpy(), added[name])
    np.testing.assert_array_equal(table[NAMES[2]].to_numpy(), table["probability"].to_numpy())
    listed = (run.folder / "high-risk.csv").read_text().splitlines()
    assert set(NAMES) <= set(listed[0].split(","))
