"""check_serving on a contract with tables: what the server computes from rows, against the training panel."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from video_service import CUTS, Video, video

from components.check_serving import replay
from components.check_serving.logic import run
from tenure.contract import Column, dump, parse
from tenure.errors import ServingError
from tenure.features.sent_rows import sent_rows, written
from tenure.features.tables import Tables

__all__ = ["video"]

pytestmark = pytest.mark.slow

NIGHT = datetime(2026, 3, 29, 1, 30)  # noqa: DTZ001 in UTC, as parsed; the clocks in Berlin have just changed


def folders(video: Video, folder: Path) -> tuple[Path, Path]:
    """What feature and validate leave: the test part, of the two last cuts, and the tables."""
    features, valid = folder / "features", folder / "valid"
    features.mkdir(parents=True)
    pq.write_table(pa.concat_tables([video.at(cut) for cut in CUTS[1:]]), features / "test.parquet")
    for name, rows in video.tables.rows.items():
        (valid / "tables" / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_batches(rows.batches(None)), valid / "tables" / name / "data.parquet")
    return features, valid


def contract_text(video: Video) -> str:
    serving = video.contract.serving.model_copy(update={"max_p99_ms": 5_000.0})
    return dump(video.contract.model_copy(update={"serving": serving}))


def test_what_the_server_computes_is_what_the_panel_holds(
    video: Video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "SINGLE_ROWS", 20)
    features, valid = folders(video, tmp_path)
    run(contract_text(video), video.folder, features, valid, tmp_path / "serving.json")
    found = json.loads((tmp_path / "serving.json").read_text())
    assert found["failures"] == []
    tables = found["tables"]
    assert (tables["as_of"], tables["customers"]) == (CUTS[-1], 100)
    assert tables["rows"] > 3_000
    assert tables["max_difference"] <= 1e-9
    assert 0 < tables["p50_ms"] < 5_000


def test_a_panel_of_other_rows_is_noticed(video: Video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SINGLE_ROWS", 20)
    features, valid = folders(video, tmp_path)
    file = valid / "tables" / "sessions" / "data.parquet"
    sessions = pq.read_table(file)
    place = sessions.column_names.index("minutes")
    pq.write_table(sessions.set_column(place, "minutes", pc.multiply(sessions["minutes"], 2.0)), file)
    with pytest.raises(ServingError) as caught:
        run(contract_text(video), video.folder, features, valid, tmp_path / "serving.json")
    assert f"probabilities from the rows of tables as of {CUTS[-1]} differ from those of the training panel" in str(
        caught.value
    )


def test_customers_with_too_many_rows_are_left_out(video: Video) -> None:
    keys = video.at(CUTS[-1])["subscriber_id"].to_pylist()[:20]
    whole = sent_rows(video.contract, video.tables, keys, 1_000_000)
    assert whole.keys == keys
    few = sent_rows(video.contract, video.tables, keys, whole.rows // 2)
    assert 0 < len(few) < 20
    assert few.rows <= whole.rows // 2
    assert few.keys == [key for key in keys if key in few.keys]
    assert whole.part(3, 5).instances() == whole.instances()[3:5]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ({"type": "timestamp"}, NIGHT, "2026-03-29T01:30:00+00:00"),
        ({"type": "timestamp", "format": "%d.%m.%Y %H:%M"}, NIGHT, "29.03.2026 03:30"),
        ({"type": "timestamp", "format": "%Y-%m-%d %H:%M%z"}, NIGHT, "2026-03-29 01:30+0000"),
        ({"type": "timestamp", "format": "epoch_s"}, NIGHT, 1774747800),
        ({"type": "date", "format": "%d.%m.%Y"}, date(2026, 3, 29), "29.03.2026"),
        ({"type": "number"}, 2.5, 2.5),
        ({"type": "category"}, None, None),
    ],
)
def test_values_are_written_as_they_are_read(column: dict, value: object, expected: object) -> None:
    assert written(value, Column(**column), "Europe/Berlin") == expected


LOG = """\
name: shop
label: {horizon_days: 30}
events: {cuts: [2026-03-01], active_days: 60}
columns:
  customer: {type: integer, role: key}
  day: {type: date, role: time}
  amount: {type: number}
windows:
  spend: {aggregate: sum, column: amount, days: 30, reason: Who spends stays}
"""


def test_a_log_without_an_entity() -> None:
    contract = parse(LOG)
    log = pa.table(
        {
            "customer": pa.array([1, 2, 1], pa.int64()),
            "day": pa.array([date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)], pa.date32()),
            "amount": [1.0, 2.0, 3.0],
        }
    )
    sent = sent_rows(contract, Tables.of_arrow(contract, {"events": log}), [2, 1], 100)
    assert sent.customers == {"customer": [2, 1]}
    assert sent.instances()[1] == {
        "customer": 1,
        "events": [{"day": "2026-02-01", "amount": 1.0}, {"day": "2026-02-03", "amount": 3.0}],
    }
