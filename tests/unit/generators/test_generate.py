"""Every business: the same seed gives the same files, a larger table begins with the smaller one, the truth is true."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tenure.errors import InputError
from tenure.generators.block import SIZE
from tenure.generators.business import Business
from tenure.generators.calendar import DAY
from tenure.generators.finding import find, names
from tenure.generators.generate import generate
from tenure.progress import listening
from tenure.stats.ranks import rank_auc

FEW, MORE = SIZE // 2, SIZE + 100
RATES = {"streaming": 0.15, "saas": 0.10}
"""Share of rows with label 1."""


def read(folder: Path, file: str) -> pa.Table:
    return pyarrow.csv.read_csv(folder / file) if file.endswith(".csv") else pq.read_table(folder / file)


@dataclass(frozen=True)
class Written:
    name: str
    business: Business
    folder: Path
    summary: dict[str, Any]

    def table(self, name: str) -> pa.Table:
        return read(self.folder, self.business.tables[name].file)

    def truth(self) -> pa.Table:
        return pq.read_table(self.folder / "truth.parquet")


@pytest.fixture(scope="module", params=names())
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """More customers than a block has. Do not change it."""
    folder = tmp_path_factory.mktemp(request.param)
    generate(request.param, folder, customers=MORE, seed=3)
    summary = json.loads((folder / "truth.json").read_text())
    return Written(request.param, find(request.param), folder, summary)


def microseconds(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()


@pytest.fixture(scope="module")
def few(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fewer customers of the same seed. Do not change them."""
    folder = tmp_path_factory.mktemp("few")
    generate(written.name, folder, customers=FEW, seed=3)
    return folder


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    written: Written, few: Path, tmp_path: Path
) -> None:
    generate(written.name, tmp_path / "again", customers=FEW, seed=3)
    generate(written.name, tmp_path / "other", customers=FEW, seed=4)
    files = sorted(path.name for path in few.iterdir())
    assert files == sorted([*(table.file for table in written.business.tables.values()), "truth.json", "truth.parquet"])
    for file in files:
        content = (few / file).read_bytes()
        assert content == (tmp_path / "again" / file).read_bytes()
        assert content != (tmp_path / "other" / file).read_bytes()


def test_a_larger_table_begins_with_the_smaller_one(written: Written, few: Path) -> None:
    for file in (*(table.file for table in written.business.tables.values()), "truth.parquet"):
        smaller, larger = read(few, file), read(written.folder, file)
        assert 0 < smaller.num_rows < larger.num_rows
        assert larger.slice(0, smaller.num_rows).combine_chunks().equals(smaller.combine_chunks()), file


def test_the_truth_counts_late_rows_and_corrections(written: Written) -> None:
    late = corrected = 0
    for name, table in written.business.tables.items():
        rows, counts = written.table(name), written.summary["tables"][name]
        assert rows.num_rows == counts["rows"]
        assert rows.column_names == list(table.columns)
        later = np.zeros(rows.num_rows, dtype=bool)
        if table.row_id is not None:
            seen: set[str] = set()
            for number, key in enumerate(rows[table.row_id].to_pylist()):
                later[number] = key in seen
                seen.add(key)
        assert int(later.sum()) == counts["corrections"]
        if table.known_at is not None and table.time is not None:
            time, known = microseconds(rows[table.time]), microseconds(rows[table.known_at])
            assert (known >= time).all()
            assert known.max() <= written.business.days.starts[-1]
            assert int(((known - time >= DAY) & ~later).sum()) == counts["late"]
            late += counts["late"]
        corrected += counts["corrections"]
    assert late > 0
    assert corrected > 0


def test_a_correction_is_known_after_what_it_corrects(written: Written) -> None:
    for name, table in written.business.tables.items():
        if table.row_id is None or table.known_at is None:
            continue
        rows = written.table(name)
        known: dict[str, int] = {}
        for key, instant in zip(rows[table.row_id].to_pylist(), microseconds(rows[table.known_at]), strict=True):
            assert instant > known.get(key, -1), f"{name} {key}"
            known[key] = instant


def test_rows_refer_to_customers_that_there_are(written: Written) -> None:
    tables = written.business.tables
    keys = {name: written.table(name)[table.key] for name, table in tables.items()}
    entity = keys[next(iter(tables))]
    assert pc.count_distinct(entity).as_py() == entity.length() == MORE
    for column in keys.values():
        assert pc.all(pc.is_in(column, value_set=pc.unique(entity))).as_py()


def test_probabilities_are_those_of_the_labels(written: Written) -> None:
    truth = written.truth()
    probability, label = truth["probability"].to_numpy(), truth["label"].to_numpy()
    assert rank_auc(label, probability) == pytest.approx(written.summary["best_roc_auc"], abs=1e-3)
    assert label.mean() == pytest.approx(written.summary["label_rate"])
    assert probability.mean() == pytest.approx(written.summary["mean_probability"])
    # Calibrated: in each fifth the labels differ from the probabilities by sampling error alone.
    order = np.argsort(probability)
    for part in np.array_split(order, 5):
        error = np.sqrt(probability[part].mean() * (1 - probability[part].mean()) / part.size)
        assert abs(label[part].mean() - probability[part].mean()) <= 5 * error


def test_the_rate_of_leaving(written: Written) -> None:
    if written.name in RATES:
        assert written.summary["mean_probability"] == pytest.approx(RATES[written.name], abs=0.015)


def test_customers_are_drawn_for_the_offer_at_random(written: Written) -> None:
    treatments = written.table("treatments")
    arms = pc.value_counts(treatments["arm"]).to_pylist()
    counts = {each["values"]: each["counts"] for each in arms}
    assert set(counts) == {"offer", "control"}
    assert 0.75 < counts["offer"] / counts["control"] < 1.33
    offer = written.summary["effects"]["offer"]
    assert 0 < offer["hazard_ratio"] < 1


def test_progress_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.generators.generate.SIZE", 16)
    seen: list[tuple[str, int | None, int | None]] = []
    with listening(lambda *report: seen.append(report)):
        generate(names()[0], tmp_path, customers=40)
    assert seen == [(f"customers of {names()[0]}", done, 40) for done in (0, 16, 32, 40)]


def test_an_unknown_business_and_a_number_of_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown business 'bakery': there are .*streaming"):
        generate("bakery", tmp_path)
    with pytest.raises(InputError, match="at least one"):
        generate("streaming", tmp_path, customers=0)


def test_files_of_others_are_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.generators.generate.SIZE", 32)
    mine = tmp_path / "subscribers.csv"
    mine.write_text("mine")
    with pytest.raises(InputError, match=r"subscribers\.csv exists and was not generated"):
        generate("streaming", tmp_path, customers=10)
    assert mine.read_text() == "mine"
    mine.unlink()
    generate("streaming", tmp_path, customers=10)
    generate("streaming", tmp_path, customers=20)
    assert pyarrow.csv.read_csv(mine).num_rows == 20
