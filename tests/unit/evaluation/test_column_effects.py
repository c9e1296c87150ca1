"""Effects and interactions of columns, against functions whose effects are known."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from tenure.evaluation.effects import Effect, effects
from tenure.evaluation.interactions import interactions
from tenure.evaluation.moves import BINS, LEVELS, TAIL

ROWS = 3_000
RNG = np.random.default_rng(3)
X = RNG.gamma(2.0, 10.0, ROWS)
Z = 0.9 * X + RNG.normal(0.0, 2.0, ROWS)
COUNT = RNG.integers(0, 5, ROWS)
PLAN = RNG.choice(["basic", "plus", "pro"], ROWS, p=[0.6, 0.3, 0.1])
SENIOR = RNG.random(ROWS) < 0.2
COLUMNS = {
    "x": pa.array(X),
    "z": pa.array(Z),
    "count": pa.array(COUNT),
    "plan": pa.array(PLAN),
    "senior": pa.array(SENIOR),
}
WORTH = {"basic": 0.0, "plus": 1.0, "pro": 4.0, None: 2.0}


def number(columns: Mapping[str, pa.Array], name: str) -> np.ndarray:
    return np.asarray(columns[name].cast(pa.float64()))


def additive(columns: Mapping[str, pa.Array]) -> np.ndarray:
    plan = np.array([WORTH[text] for text in columns["plan"].to_pylist()])
    return 2.0 * number(columns, "x") - number(columns, "count") ** 2 + plan + 0.0 * number(columns, "z")


def one(name: str, predict=additive, columns: Mapping[str, pa.Array] = COLUMNS) -> Effect:
    (found,) = effects(predict, columns, [name], seed=7)
    return found


def values(effect: Effect) -> np.ndarray:
    return np.array([point.effect for point in effect.points])


def test_a_line_has_its_slope_even_beside_a_column_that_moves_with_it() -> None:
    found = one("x")
    edges = np.array([point.value for point in found.points])
    assert found.kind == "number" and len(edges) == BINS + 1
    assert np.diff(values(found)) == pytest.approx(2.0 * np.diff(edges))
    assert edges[0] == np.sort(X)[int(TAIL * ROWS) - 1] and set(edges) <= set(X)
    assert values(one("z")) == pytest.approx(np.zeros(BINS + 1))


def test_effects_of_a_number_are_centred_and_count_their_rows() -> None:
    found = one("x")
    rows = np.array([point.rows for point in found.points])
    assert rows.sum() == ROWS and found.others == 0 and rows[0] == TAIL * ROWS
    middle = (values(found)[1:] + values(found)[:-1]) / 2.0
    # The effect is of half of the rows.
    assert abs(np.average(middle, weights=rows[1:])) < 0.5


def test_a_whole_number_is_moved_between_its_values() -> None:
    seen: set[int] = set()

    def predict(columns: Mapping[str, pa.Array]) -> np.ndarray:
        assert columns["count"].type == pa.int64()
        seen.update(columns["count"].to_pylist())
        return additive(columns)

    found = one("count", predict)
    assert seen == {0, 1, 2, 3, 4} and [point.value for point in found.points] == [0, 1, 2, 3, 4]
    assert np.diff(values(found)) == pytest.approx([-1.0, -3.0, -5.0, -7.0])
    assert [point.rows for point in found.points] == np.bincount(COUNT).tolist()


def test_each_value_of_a_category_has_its_mean() -> None:
    found = one("plan")
    assert [point.value for point in found.points] == ["basic", "plus", "pro"]
    assert np.diff(values(found)) == pytest.approx([1.0, 3.0])
    assert np.average(values(found), weights=[point.rows for point in found.points]) == pytest.approx(0.0, abs=0.05)
    assert [point.value for point in one("senior").points] == [False, True]


def test_missing_values_and_rare_ones_are_counted() -> None:
    texts = [None if index % 10 == 0 else PLAN[index] for index in range(ROWS)]
    numbers = [None if index % 6 == 0 else X[index] for index in range(ROWS)]
    columns = {**COLUMNS, "plan": pa.array(texts), "x": pa.array(numbers, pa.float64())}

    def predict(given: Mapping[str, pa.Array]) -> np.ndarray:
        return np.nan_to_num(additive(given))

    assert {point.value for point in one("plan", predict, columns).points} == {"basic", "plus", "pro", None}
    assert one("x", predict, columns).others == 500
    rare = pa.array([f"value {index % (LEVELS + 2)}" for index in range(ROWS)])
    found = one("plan", lambda given: np.zeros(len(given["plan"])), {**COLUMNS, "plan": rare})
    assert len(found.points) == LEVELS and found.others == 2 * ROWS / (LEVELS + 2)


def test_a_column_with_one_value_or_none_has_no_effect() -> None:
    columns = {**COLUMNS, "x": pa.array([1.0] * ROWS), "z": pa.array([None] * ROWS, pa.float64())}
    columns |= {"plan": pa.array(["pro"] * ROWS), "day": pa.array([0] * ROWS, pa.date32())}
    assert effects(lambda given: np.zeros(len(given["x"])), columns, ["x", "z", "plan", "day"], seed=7) == []


def test_columns_that_add_up_do_not_interact() -> None:
    assert interactions(additive, COLUMNS, ["x", "count", "plan"], seed=7) == []


def test_columns_that_multiply_do() -> None:
    def predict(columns: Mapping[str, pa.Array]) -> np.ndarray:
        plan = np.array([WORTH[text] for text in columns["plan"].to_pylist()])
        return number(columns, "x") * plan + 10.0 * number(columns, "count")

    (found,) = interactions(predict, COLUMNS, ["count", "x", "plan", "senior"], seed=7)
    assert set(found.columns) == {"x", "plan"} and 0.1 < found.share < 0.9 and found.size > 5.0


def test_columns_that_move_together_are_not_tried_where_no_row_is() -> None:
    """A ratio of two columns that nearly determine each other is steep only far from all rows."""

    def predict(columns: Mapping[str, pa.Array]) -> np.ndarray:
        near = np.abs(number(columns, "z") - 0.9 * number(columns, "x")) < 30.0
        return number(columns, "x") + np.where(near, 0.0, 1_000.0)

    assert interactions(predict, COLUMNS, ["x", "z"], seed=7) == []


def test_the_same_seed_finds_the_same() -> None:
    assert one("x") == one("x")
