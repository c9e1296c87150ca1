"""Every engine computes what is counted by hand, however it deals the customers, and reads no row in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import as_of_tables
import hand_counted
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from as_of_tables import Case
from hypothesis import given, settings
from property_profiles import examples

from tenure.contract import Contract
from tenure.contract.sources import assembly_of
from tenure.errors import InputError
from tenure.features import at
from tenure.features.engines import choice, duckdb, spark
from tenure.features.engines.bins import fill_bins
from tenure.features.engines.duckdb import DuckDB
from tenure.features.engines.engine import Engine
from tenure.features.engines.memory import Memory
from tenure.features.engines.pruning import bounds
from tenure.features.rows import Rows, of_file
from tenure.features.tables import Tables


class SmallBins(DuckDB):
    """Each hash value in a bin of its own."""

    def panel(self, *arguments: Any, **keywords: Any) -> Iterator[pa.RecordBatch]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(duckdb, "MIN_BIN_ROWS", 1)
            patch.setattr(duckdb, "BYTES_A_ROW", 2**40)
            yield from super().panel(*arguments, **keywords)


class Door(Engine):
    """What Spark does with the door, in this process: pack, sort by key, and map."""

    name = "door"

    def __init__(self, group_rows: int, batch_rows: int) -> None:
        self.group_rows, self.batch_rows = group_rows, batch_rows

    def panel(
        self, contract: Contract, tables: Tables, instants: Sequence[int], customers: pa.Array | None = None
    ) -> Iterator[pa.RecordBatch]:
        assert customers is None
        packed = [
            spark.pack(contract, name, batch)
            for name in assembly_of(contract).tables
            for batch in tables.batches(name, assembly_of(contract).columns_of(name, label=False))
        ]
        rows = pa.Table.from_batches(packed, spark.packed_schema(contract)).sort_by(spark.KEY).combine_chunks()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spark, "GROUP_ROWS", self.group_rows)
            found = list(spark.map_in_arrow(contract, instants)(iter(rows.to_batches(self.batch_rows))))
        yield from found or Memory().panel(contract, tables, instants)


ENGINES: dict[str, Callable[[], Engine]] = {
    "memory, a customer a chunk": lambda: Memory(1),
    "duckdb, one bin": DuckDB,
    "duckdb, small bins": SmallBins,
    "door, one group": lambda: Door(1_000, 1_000),
    "door, small groups": lambda: Door(1, 1),
    "door, customers in several batches": lambda: Door(3, 2),
}


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_every_engine_counts_as_by_hand(make: Callable[[], Engine]) -> None:
    @given(case=as_of_tables.cases())
    @settings(max_examples=examples(10))
    def check(case: Case) -> None:
        expected = at(case.contract, case.tables, case.micros, engine=Memory())
        found = at(case.contract, case.tables, case.micros, engine=make())
        assert found.sort_by(case.assembly.key).equals(expected)
        by_hand = hand_counted.features(case.assembly, case.rows, case.instant)
        assert expected.column(case.assembly.key).to_pylist() == [row[case.assembly.key] for row in by_hand]

    check()


@given(case=as_of_tables.cases())
@settings(max_examples=examples(10))
def test_several_instants_at_once_are_each_of_them(case: Case) -> None:
    instants = [case.micros - 86_400_000_000, case.micros, case.micros + 3_600_000_000]
    whole = pa.Table.from_batches(list(SmallBins().panel(case.contract, case.tables, instants)))
    ordered = whole.sort_by([("cut", "ascending"), (case.assembly.key, "ascending")]).drop("cut")
    each = [at(case.contract, case.tables, instant, engine=Memory()).drop("cut") for instant in instants]
    assert ordered.equals(pa.concat_tables(each))


def test_some_customers_of_parquet_files(tmp_path: Path) -> None:
    case = busy_case()
    files = parquet(case, tmp_path)
    for some in (["a"], ["a", "ä", "nobody"], []):
        found = at(case.contract, files, case.micros, customers=pa.array(some, pa.string()), engine=SmallBins())
        expected = at(case.contract, case.tables, case.micros, customers=pa.array(some, pa.string()), engine=Memory())
        assert found.sort_by(case.assembly.key).equals(expected)


def test_bins_hold_at_most_the_limit_and_a_large_customer_is_alone() -> None:
    rows = np.array([5, 1_000, 3, 0, 4, 2, 7, 1])
    bins = fill_bins(rows, 10)
    sizes = np.bincount(bins, weights=rows)
    assert (bins == bins[1]).sum() == 1
    assert np.delete(sizes, bins[1]).max() <= 10
    assert sizes.sum() == rows.sum()
    assert len(sizes) <= 4


def test_bins_of_no_rows() -> None:
    assert set(fill_bins(np.zeros(8, dtype=np.int64), 10).tolist()) == {0}


def busy_case() -> Case:
    """Many rows, of customers in several bins."""
    from datetime import UTC, datetime, timedelta

    start = datetime(2024, 2, 27, tzinfo=UTC)
    visits = [
        {"customer": "abcä"[number % 4], "at": at, "recorded": at, "visit": None, "amount": float(number), "shop": "x"}
        for number, at in enumerate(start + timedelta(hours=hours) for hours in range(60))
    ]
    customers = [{"id": key, "since": start, "country": "x"} for key in "abcä"]
    rows: dict[str, Any] = {"customers": customers, "plans": [], "levels": [], "orders": [], "visits": visits}
    return Case("UTC", True, rows, datetime(2024, 2, 29, tzinfo=UTC))


def parquet(case: Case, folder: Path) -> Tables:
    rows, paths = {}, {}
    for name in case.assembly.tables:
        columns = list(case.assembly.tables[name].columns)
        paths[name] = folder / f"{name}.parquet"
        pq.write_table(case.tables.table(name, columns), paths[name])
        rows[name] = of_file(paths[name])
    return Tables(rows, paths)


def test_only_rows_that_can_count_are_read(tmp_path: Path) -> None:
    """Without versions of rows, those before the longest window and those of the future are left out."""
    case = busy_case()
    text_bounds = {name: bounds(case.assembly, name, [case.micros]) for name in case.assembly.tables}
    assert [bound.column for bound in text_bounds["visits"]] == ["recorded"]
    assert text_bounds["visits"][0].high == case.micros + 1
    assert [(bound.column, bound.high) for bound in text_bounds["customers"]] == [("since", case.micros)]
    assert text_bounds["orders"] == []


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    case = busy_case()
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match=r"engine duckdb is not installed: pip install 'tenure\[duckdb\]'"):
        at(case.contract, case.tables, case.micros, engine=DuckDB())


def test_the_files_of_a_failed_run_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = busy_case()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(duckdb, "compute", fails)
    with pytest.raises(RuntimeError):
        at(case.contract, case.tables, case.micros, engine=DuckDB(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


class TestChoice:
    def test_small_tables_are_held_in_memory(self) -> None:
        assert isinstance(choice.choose(busy_case().tables, {}), Memory)

    def test_large_ones_are_dealt(self) -> None:
        case = busy_case()
        many = Rows(10**10, case.tables.rows["visits"].batches)
        tables = replace(case.tables, rows={**case.tables.rows, "visits": many})
        assert isinstance(choice.choose(tables, {}), DuckDB)
        assert isinstance(choice.choose(tables, {choice.ENGINE_VARIABLE: "memory"}), Memory)

    def test_the_environment_decides(self) -> None:
        chosen = choice.choose(busy_case().tables, {choice.ENGINE_VARIABLE: "duckdb", choice.MEMORY_VARIABLE: "300"})
        assert isinstance(chosen, DuckDB)

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("TENURE_ENGINE", "spark"), ("TENURE_ENGINE_MEMORY_MB", "-1"), ("TENURE_ENGINE_MEMORY_MB", "²")],
    )
    def test_what_is_not_valid_is_named(self, variable: str, value: str) -> None:
        with pytest.raises(InputError, match=f"{variable} is '{value}'"):
            choice.choose(busy_case().tables, {variable: value})
