"""The customers that a new model is asked about, where inputs are computed from tables: their rows are sent."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from video_service import CUTS, Video, video

from pipelines.local import customers
from pipelines.local.customers import choose_customers, read_answers, serve_and_ask
from tenure.bundle import read

__all__ = ["video"]


def folders(video: Video, folder: Path) -> tuple[Path, Path]:
    """The test part, and the folder of the tables."""
    pq.write_table(pa.concat_tables([video.at(cut) for cut in CUTS[1:]]), folder / "test.parquet")
    for name, rows in video.tables.rows.items():
        (folder / "tables" / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_batches(rows.batches(None)), folder / "tables" / name / "data.parquet")
    return folder / "test.parquet", folder


def test_the_customers_are_of_one_cut(video: Video, tmp_path: Path) -> None:
    test_part, _ = folders(video, tmp_path)
    chosen = choose_customers(read(video.folder), test_part, "subscriber_id")
    assert {customer.as_of for customer in chosen} == {CUTS[-1]}
    assert len({customer.key for customer in chosen}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("max_rows", [customers.MAX_SENT_ROWS, 5])
def test_their_rows_are_sent_unless_they_are_many(
    video: Video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_rows: int
) -> None:
    monkeypatch.setattr(customers, "MAX_SENT_ROWS", max_rows)
    test_part, valid = folders(video, tmp_path)
    answers, request = tmp_path / "answers.json", tmp_path / "request.json"
    serve_and_ask(video.contract, video.folder, test_part, valid, answers=answers, request=request)
    body = json.loads(request.read_text())
    names = {tensor["name"] for tensor in body["inputs"]}
    if max_rows == 5:
        assert names == set(video.contract.inputs)
    else:
        assert {"country", "subscriber_id", "sessions.minutes", "payments.paid_on"} <= names
        assert "minutes_7" not in names
        assert body["parameters"] == {"explain": 3, "as_of": CUTS[-1]}
    _, found = read_answers(answers)
    model = read(video.folder)
    for answer in found:
        offline = model.predict({name: [value] for name, value in answer.customer.columns.items()}).score[0]
        assert answer.score == pytest.approx(offline, abs=1e-9)
