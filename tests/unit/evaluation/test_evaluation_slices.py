from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tenure.evaluation import cut
from tenure.evaluation.slices import MAX_VALUES, MIN_ROWS
from tenure.tasks.churn.evaluation import too_small
from tenure.tasks.churn.evaluation.sample_size import MIN_OF_EACH_CLASS


def sizes(values: list | pa.Array, name: str = "column") -> dict[str, int]:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return {part.value: int(part.rows.sum()) for part in cut({name: array})}


def test_text_is_cut_by_value_and_missing_is_a_slice() -> None:
    assert sizes(["a", "b", None, "a"]) == {"a": 2, "b": 1, "missing": 1}


def test_dictionaries_and_chunks_are_texts_too() -> None:
    assert sizes(pa.array(["a", "b", "a"]).dictionary_encode()) == {"a": 2, "b": 1}
    chunked = pa.chunked_array([["a"], ["b", "a"]])
    assert [int(part.rows.sum()) for part in cut({"c": chunked})] == [2, 1]


def test_booleans_are_cut_by_value() -> None:
    assert sizes([True, False, True]) == {"false": 1, "true": 2}


def test_rare_texts_share_a_slice() -> None:
    values = [f"v{index:02d}" for index in range(MAX_VALUES + 5) for _ in range(index + 1)]
    found = sizes(values)
    assert len(found) == MAX_VALUES
    assert found["other (6 values)"] == sum(range(1, 7))


def test_few_numbers_are_cut_by_value_and_many_by_quartile() -> None:
    assert sizes([0, 1, 1, None]) == {"0": 1, "1": 2, "missing": 1}
    found = sizes(list(range(100)))
    assert list(found) == ["0 to < 24", "24 to < 49", "49 to < 74", "74 to 99"]
    assert sum(found.values()) == 100


@pytest.mark.parametrize(
    "values", [[5] * 90 + list(range(20)), list(np.random.default_rng(0).normal(size=333)), [1.0, None]]
)
def test_slices_of_a_column_cover_every_row_once(values: list) -> None:
    covered = sum(part.rows.astype(int) for part in cut({"column": pa.array(values)}))
    assert (covered == 1).all()


def test_nan_counts_as_missing() -> None:
    assert sizes([1.0, float("nan")]) == {"1": 1, "missing": 1}


def test_small_slices_say_so() -> None:
    enough = np.array([1] * MIN_OF_EACH_CLASS + [0] * (MIN_ROWS - MIN_OF_EACH_CLASS))
    assert too_small(enough) is None
    assert too_small(enough[:-1]) == f"too small: {MIN_ROWS - 1} rows, at least {MIN_ROWS} are needed"
    few = np.concatenate((enough[1:], [0]))
    assert "9 churners" in (too_small(few) or "")
    assert "9 stayers" in (too_small(1 - few) or "")


def test_bands_stand_in_the_order_of_their_numbers() -> None:
    assert list(sizes(["60+", "24-60", "6-24", "0-6", "none"])) == ["0-6", "6-24", "24-60", "60+", "none"]
