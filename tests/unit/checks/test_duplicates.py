"""Repeated keys: found by hashes, decided by the keys themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.checks import duplicates
from tenure.checks.duplicates import not_first, repeated
from tenure.checks.hashing import hash_rows


def marks(values: list, part: list[bool] | None = None, size: int = 3) -> list[bool]:
    column = pa.array(values)
    mask = np.array(part if part is not None else [True] * len(values), dtype=bool)

    def keys() -> Iterator[tuple[list[pa.Array], np.ndarray]]:
        for start in range(0, len(values), size):
            yield [column.slice(start, size)], mask[start : start + size]

    return repeated(keys).tolist()


def naive(values: list) -> list[bool]:
    return [value in values[:place] for place, value in enumerate(values)]


@given(st.lists(st.integers(-3, 3), min_size=1), st.integers(1, 5))
@settings(max_examples=examples(60))
def test_all_but_the_first_of_equal_keys(values: list[int], size: int) -> None:
    assert marks(values, size=size) == naive(values)


@given(st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "ü"]), min_size=1))
@settings(max_examples=examples(60))
def test_texts(values: list[str]) -> None:
    assert marks(values) == naive(values)


def test_of_several_columns_all_must_agree() -> None:
    customer, month = pa.array(["a", "a", "b", "a"]), pa.array([1, 2, 1, 2])
    assert repeated(lambda: iter([([customer, month], np.ones(4, dtype=bool))])).tolist() == [False, False, False, True]


def test_rows_that_take_no_part_neither_are_repeats_nor_make_them() -> None:
    assert marks([1, 1, 1], [False, True, True]) == [False, False, True]


def test_no_rows() -> None:
    assert repeated(lambda: iter(())).tolist() == []


def test_equal_hashes_of_unequal_keys_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "hash_rows", lambda columns: np.full(len(columns[0]), 7, dtype=np.uint64))
    assert marks(["a", "b", "a", "c", "b"]) == [False, False, True, False, True]


def test_with_very_many_repeats_the_hashes_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MAX_COMPARED", 1)
    assert marks(["a", "b", "a", "c", "b"], [True, True, True, False, True]) == [False, False, True, False, True]


@given(
    st.lists(st.tuples(st.text(max_size=5), st.one_of(st.none(), st.floats(allow_nan=False))), min_size=1, max_size=40)
)
@settings(max_examples=examples(60))
def test_rows_have_equal_hashes_if_and_only_if_they_are_equal(rows: list[tuple[str, float | None]]) -> None:
    texts, numbers = pa.array([row[0] for row in rows], pa.string()), pa.array([row[1] for row in rows], pa.float64())
    assert not_first(hash_rows([texts, numbers])).tolist() == naive(rows)


def test_hashes_do_not_depend_on_where_a_column_is_cut() -> None:
    column = pa.array([f"customer {n}" * (n % 4) for n in range(100)])
    parts = [hash_rows([column.slice(start, 7)]) for start in range(0, 100, 7)]
    assert np.array_equal(np.concatenate(parts), hash_rows([column]))


def test_a_null_is_neither_an_empty_text_nor_zero() -> None:
    assert len(set(hash_rows([pa.array([None, "", "a"])]).tolist())) == 3
    assert len(set(hash_rows([pa.array([None, 0, 1])]).tolist())) == 3


def test_hashes_of_many_keys_do_not_collide() -> None:
    keys = pa.array([f"{n:07d}" for n in range(300_000)])
    assert not not_first(hash_rows([keys])).any()
