"""Outputs of a bundle's additions in files and tables: those that ``Bundle.predict`` gives."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bundle_variants import clustered

from tenure.api.model import Model
from tenure.bundle import Bundle, read
from tenure.scoring.score import score
from tenure.tracking.loader import ChurnModel
from tenure.tracking.packaging import signature

ROWS = 250


@pytest.fixture
def loaded(small_bundle: Any, tmp_path: Path) -> Bundle:
    clustered(small_bundle.folder, tmp_path / "clustered")
    return read(tmp_path / "clustered")


@pytest.fixture
def customers(small_bundle: Any) -> pa.Table:
    found: pa.Table = small_bundle.rows.slice(0, ROWS).drop_columns(["Churn"])
    return found


def clusters_of(loaded: Bundle, customers: pa.Table) -> list[str]:
    columns = {name: customers.column(name) for name in customers.column_names}
    added = loaded.predict(columns, additions=True).added
    assert added is not None
    return list(added["cluster"])


def test_scores_have_a_column_of_each(loaded: Bundle, customers: pa.Table, tmp_path: Path) -> None:
    run = score(loaded, customers, tmp_path / "out", day="2026-11-21", part_rows=100, top=20)
    parts = pa.concat_tables([pq.read_table(path) for path in sorted(run.folder.glob("part-*.parquet"))])
    expected = dict(zip(parts["key"].to_pylist(), clusters_of(loaded, customers), strict=True))
    assert parts.column_names == ["key", "row", "probability", "decision", "band", "cluster"]
    assert parts["cluster"].to_pylist() == list(expected.values())
    with (run.folder / "high-risk.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 20 and all(row["cluster"] == expected[row["key"]] for row in listed)


def test_tables_of_predictions_have_them(loaded: Bundle, customers: pa.Table, tmp_path: Path) -> None:
    expected = clusters_of(loaded, customers)
    table = Model(loaded, tmp_path).predict(customers).table
    assert table.column_names[-1] == "cluster" and table["cluster"].to_pylist() == expected
    answer = ChurnModel(loaded).predict(customers.to_pandas())
    assert answer["cluster"].tolist() == expected
    outputs = signature(loaded.contract, loaded.added_columns.values()).outputs
    assert [column.name for column in outputs] == list(answer.columns)
