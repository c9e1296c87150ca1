"""One definition of features: what a training panel held for a day is what its scores and a live server say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from video_service import CONTRACT, tables, write_dataset

import tenure
from components.check_serving import logic as check_serving
from components.check_serving import replay
from tenure import Model
from tenure.contract import dump

pytestmark = pytest.mark.slow

CDNOW = Path(__file__).resolve().parents[2] / "datasets" / "cdnow"
CDNOW_DAY, VIDEO_DAY = "1998-04-01", "2026-06-30"


@pytest.fixture(scope="module", params=["cdnow", "video"])
def trained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Model, Path, str]]:
    """A model, its dataset, and a day at which its panel has a cut: of a log in version 1, and of five tables."""
    folder, day = CDNOW, CDNOW_DAY
    if request.param == "video":
        folder = write_dataset(tmp_path_factory.mktemp("video"), tables(900), CONTRACT)
        day = VIDEO_DAY
    yield tenure.train(folder, families=["logistic_regression"], trials=1), folder, day


def panel_of(model: Model, day: str) -> pa.Table:
    """The rows of the panel at one cut, of all parts."""
    assert model.workspace is not None
    parts = [model.workspace.features / f"{name}.parquet" for name in ("train", "validation", "test")]
    panel = pa.concat_tables(pq.read_table(part) for part in parts)
    cut = pa.scalar(date.fromisoformat(day), pa.date32())
    return panel.filter(pc.equal(panel["cut"].cast(pa.date32()), cut))


def test_scores_of_a_day_are_those_of_the_panel(trained: tuple[Model, Path, str]) -> None:
    model, dataset, day = trained
    panel = panel_of(model, day)
    offline = model.bundle.predict({name: panel[name] for name in model.contract.inputs}).score
    expected = dict(zip(map(str, panel[model.contract.key_column].to_pylist()), offline.tolist(), strict=True))
    scores = tenure.score(model, dataset, as_of=day).table
    assert dict(zip(scores["key"].to_pylist(), scores["probability"].to_pylist(), strict=True)) == expected
    assert len(expected) > 400


def test_the_server_computes_the_panels_rows(
    trained: tuple[Model, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _, _ = trained
    assert model.workspace is not None
    monkeypatch.setattr(replay, "SINGLE_ROWS", 20)
    serving = model.contract.serving.model_copy(update={"max_p99_ms": 5_000.0, "max_memory_mb": 4_096.0})
    text = dump(model.contract.model_copy(update={"serving": serving}))
    check_serving.run(text, model.folder, model.workspace.features, model.workspace.valid, tmp_path / "serving.json")
    found = json.loads((tmp_path / "serving.json").read_text())
    assert found["failures"] == []
    assert found["tables"]["max_difference"] <= 1e-9
    assert found["tables"]["customers"] == 100


def test_monitoring_sees_the_same_customers(trained: tuple[Model, Path, str]) -> None:
    model, dataset, day = trained
    found = tenure.monitor(model, dataset, as_of=day)
    assert found.rows == panel_of(model, day).num_rows
    assert f"inputs of the current customers as of {day}" in found.notes
