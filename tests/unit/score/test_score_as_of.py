"""Scores of tables as of an instant: the inputs are those of the training panel."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner
from video_service import CUTS, Row, Video, tables, video, write_dataset

import tenure
from pipelines.cli import app
from tenure.bundle import read
from tenure.errors import DataError, InputError
from tenure.features.eligible import eligible
from tenure.features.panel import panel
from tenure.intake.locate import locate
from tenure.monitoring import compare
from tenure.scoring import score as module
from tenure.scoring.score import score

__all__ = ["video"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


def scores(folder: Path) -> dict[str, float]:
    found = pa.concat_tables(pq.read_table(part) for part in sorted(folder.glob("part-*.parquet")))
    return dict(zip(found["key"].to_pylist(), found["probability"].to_pylist(), strict=True))


def run(video: Video, dataset: Path, out: Path, **options: Any) -> module.ScoreRun:
    return score(read(video.folder), locate(dataset).data, out, **options)


@pytest.mark.parametrize("cut", CUTS)
def test_the_scores_of_a_day_are_those_of_the_panels_rows(
    video: Video, dataset: Path, tmp_path: Path, cut: str
) -> None:
    found = run(video, dataset, tmp_path, as_of=cut)
    rows = panel(video.contract, video.tables).table
    rows = rows.filter(pa.compute.equal(rows["cut"], pa.scalar(date.fromisoformat(cut))))
    prediction = read(video.folder).predict({name: rows[name] for name in video.contract.inputs})
    assert scores(found.folder) == dict(zip(rows["subscriber_id"].to_pylist(), prediction.score.tolist(), strict=True))
    assert found.folder == tmp_path / cut
    assert found.summary["rows"] == rows.num_rows > 50


def test_the_summary_tells_what_became_of_the_rows(video: Video, dataset: Path, tmp_path: Path) -> None:
    summary = run(video, dataset, tmp_path, as_of="2026-03-30T12:00").summary
    features = video.at("2026-03-30T12:00")
    stands = eligible(video.contract, features)
    assert (summary["rows"], summary["not_eligible"]) == (int(stands.sum()), int((~stands).sum()))
    assert (summary["as_of"], summary["day"]) == ("2026-03-30T12:00:00+02:00", "2026-03-30T12-00")
    sessions = summary["tables"]["sessions"]
    written, moment = video.rows["sessions"], "2026-03-30T12:00"
    known = [row for row in written if row["recorded_at"] <= moment and row["started_at"] < moment]
    newest = {row["session_id"]: row for row in sorted(known, key=lambda row: row["recorded_at"])}
    assert (sessions["read"], sessions["used"]) == (len(written), len(newest))
    assert sessions["not_yet"] == len(written) - len(known)
    assert sessions["superseded"] == len(written) - len({row["session_id"] for row in written})
    assert sessions["late"] == sum(row["recorded_at"] > row["started_at"] for row in written)
    payments = summary["tables"]["payments"]
    assert payments["used"] == sum(_day(row["paid_on"]) < date(2026, 3, 30) for row in video.rows["payments"])
    assert not list(tmp_path.glob("**/data.parquet"))


def _day(text: str) -> date:
    return datetime.strptime(text, "%d.%m.%Y").date()  # noqa: DTZ007 a day of the zone


def test_now_is_the_default_and_names_the_day(video: Video, dataset: Path, tmp_path: Path) -> None:
    before = datetime.now(UTC).date()
    found = run(video, dataset, tmp_path)
    assert date.fromisoformat(found.folder.name) - before in (timedelta(0), timedelta(days=1))
    assert found.summary["notes"] == []
    contract = video.contract.model_copy(
        update={"quality": video.contract.quality.model_copy(update={"freshness_days": 30})}
    )
    model = read(video.folder)
    object.__setattr__(model, "contract", contract)
    (note,) = score(model, locate(dataset).data, tmp_path, as_of="2026-11-01").summary["notes"]
    assert note.startswith("the newest event is of 2026-09-16T01:58, 45 days before 2026-11-01 ('quality.freshness_d")


def test_rows_that_cannot_be_used_are_counted_by_table(video: Video, tmp_path: Path) -> None:
    rows = tables()
    rows["sessions"][0] = {**rows["sessions"][0], "minutes": "many"}
    rows["payments"][0] = {**rows["payments"][0], "subscriber": "nobody"}
    rows["payments"][1] = {**rows["payments"][1], "paid_on": ""}
    rows["subscribers"][0] = {**rows["subscribers"][0], "country": "FR"}
    found = run(video, write_dataset(tmp_path / "dataset", rows), tmp_path / "scores", as_of="2026-03-30")
    assert found.summary["rejected"] == 1
    assert found.summary["reasons"] == {"sessions: 'minutes' is not a number such as 1234,50": 1}
    assert found.summary["first_rejected"] == {"sessions: 'minutes' is not a number such as 1234,50": "row 1: 'many'"}
    (rejected,) = pq.read_table(found.folder / "rejected.parquet").to_pylist()
    assert (rejected["row"], rejected["reason"][:9]) == (1, "sessions:")
    assert found.summary["tables"]["sessions"]["rejected"] == 1
    payments = found.summary["tables"]["payments"]
    assert (payments["orphaned"], payments["quarantined"]) == (1, 1)
    assert found.summary["unknown"] == {"country": {"rows": 1, "values": {"FR": 1}}}


def test_too_many_rejected_rows_of_one_table_stop_the_run(video: Video, tmp_path: Path) -> None:
    rows = tables()
    for place in range(0, len(rows["payments"]), 10):
        rows["payments"][place] = {**rows["payments"][place], "failed": "perhaps"}
    with pytest.raises(DataError) as caught:
        run(video, write_dataset(tmp_path / "dataset", rows), tmp_path / "scores", as_of="2026-03-30")
    assert "table 'payments': 236 of 2,353 rows are rejected, 10.0 % (limit 5.0 %): payments: 'failed' is not" in str(
        caught.value
    )
    assert [path.name for path in (tmp_path / "scores").iterdir()] == ["2026-03-30-rejected.parquet"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "2126-01-01"}, "2126-01-01 lies in the future, more than 366 days after"),
        ({"as_of": "soon"}, "'soon' is not a day or a time"),
        ({"as_of": 20260330}, "'as_of' is 20260330, not a day or a time"),
        ({"as_of": pd.NaT}, "'as_of' is NaT, not a day or a time"),
        ({"day": "2026-03-30"}, "'day' is for rows with the model's inputs: with tables, 'as_of' says when"),
    ],
)
def test_an_instant_that_is_not_one(
    video: Video, dataset: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        run(video, dataset, tmp_path, **options)
    assert message in str(caught.value)


def test_nobody_is_there_yet(video: Video, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"5 tables: subscribers, .*: no customer exists as of 2025-01-01; the newest"):
        run(video, dataset, tmp_path, as_of="2025-01-01")


def test_rows_with_inputs_are_scored_as_before(video: Video, tmp_path: Path) -> None:
    features = video.at("2026-03-30")
    model = read(video.folder)
    found = score(model, features, tmp_path, day="2026-03-30")
    prediction = model.predict({name: features[name] for name in video.contract.inputs})
    assert list(scores(found.folder).values()) == prediction.score.tolist()
    with pytest.raises(InputError, match="'as_of' is for tables from which inputs are computed"):
        score(model, features, tmp_path, as_of="2026-03-30")
    with pytest.raises(DataError, match="lacks columns that the model needs: plan, price, minutes_7"):
        score(model, features.select(["subscriber_id", "country"]), tmp_path)
    with pytest.raises(
        DataError, match="table 'plans' is missing: the inputs of 'video' are computed from subscribers"
    ):
        score(model, {"subscribers": features}, tmp_path)


def test_a_killed_run_is_resumed(video: Video, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores(run(video, dataset, tmp_path / "whole", as_of="2026-03-30").folder)
    done = []
    write_part: Callable[..., None] = module.write_part

    def killed(path: Path, *arguments: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(path)
        write_part(path, *arguments)

    monkeypatch.setattr(module, "write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        run(video, dataset, tmp_path, as_of="2026-03-30", part_rows=50)
    monkeypatch.undo()
    found = run(video, dataset, tmp_path, as_of="2026-03-30", part_rows=50)
    assert found.summary["parts_reused"] == 2
    assert scores(found.folder) == whole
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_python_takes_a_dataset_or_tables_by_name(video: Video, dataset: Path) -> None:
    model = tenure.read(video.folder)
    of_folder = tenure.score(model, dataset, as_of=datetime(2026, 3, 30))  # noqa: DTZ001 of the contract's zone
    by_name: dict[str, list[Row] | Path] = {**video.rows, "sessions": dataset / "sessions.csv"}
    of_tables = tenure.score(model, by_name, as_of="2026-03-30")
    assert of_folder.table.equals(of_tables.table)
    with pytest.raises(InputError, match=r"no table of 'video' is called 'session': there are subscribers, "):
        tenure.score(model, {**by_name, "session": dataset / "sessions.csv"})
    assert of_folder.folder.name == "2026-03-30"
    assert (of_folder.not_eligible, of_folder.tables["sessions"]["read"]) == (93, len(video.rows["sessions"]))
    assert "278 customers scored, 93 not eligible, 0 rows rejected" in repr(of_folder)


def test_the_current_customers_of_monitoring_are_the_same(video: Video, dataset: Path, tmp_path: Path) -> None:
    from tenure.monitoring.current import read_current

    observed = read_current(read(video.folder), locate(dataset).data, tmp_path, "2026-03-30")
    features = video.at("2026-03-30")
    stands = pa.array(eligible(video.contract, features))
    assert observed.sample.select(["subscriber_id", *video.contract.inputs]).equals(
        features.filter(stands).select(["subscriber_id", *video.contract.inputs]).combine_chunks()
    )
    assert observed.notes == ("inputs of the current customers as of 2026-03-30",)
    with pytest.raises(InputError, match="'day' is for rows with the model's inputs: with tables, 'as_of' says"):
        read_current(read(video.folder), locate(dataset).data, tmp_path, day=date(2026, 3, 30))
    with pytest.raises(DataError, match="not a profile"):
        compare(read(video.folder), locate(dataset).data, as_of="2026-03-30")


def test_the_commands(video: Video, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["score", str(dataset), "--as-of", "2026-03-30T06:30", "--model", str(video.folder)]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 0, told.output
    assert "as of 2026-03-30T06:30:00+02:00; 93 more customers are not eligible" in told.stdout
    assert "sessions" in told.stdout
    again = CliRunner().invoke(app, [*command, "--json"])
    assert json.loads(again.stdout)["rows"] == len(scores(tmp_path / "scores" / "2026-03-30T06-30"))
    refused = CliRunner().invoke(app, ["score", str(dataset), "--day", "2026-03-30", "--model", str(video.folder)])
    assert refused.exit_code == 2
    assert "'day' is for rows with the model's inputs" in refused.stderr
