"""The worst segments and the disagreement of families, on rows whose errors are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tenure.evaluation.science.disagreement import FamilyPredictions, disagreement
from tenure.evaluation.science.segments import MIN_CUSTOMERS, segments_of, worst_segments
from tenure.tasks.churn.evaluation import Scored
from tenure.tasks.churn.evaluation.row_errors import row_errors

ROWS = 4_000


def drawn(seed: int = 1) -> tuple[np.ndarray, np.ndarray, dict[str, pa.Array]]:
    """Probabilities, labels that they predict rightly, and columns that have nothing to do with either."""
    random = np.random.default_rng(seed)
    probability = random.beta(2.0, 5.0, ROWS)
    label = (random.random(ROWS) < probability).astype(np.int8)
    columns = {
        "plan": pa.array(random.choice(["a", "b", "c"], ROWS)),
        "age": pa.array(random.integers(18, 90, ROWS)),
        "rare": pa.array(np.where(np.arange(ROWS) < MIN_CUSTOMERS - 1, "yes", "no")),
    }
    return probability, label, columns


def scored(probability: np.ndarray) -> Scored:
    return Scored(probability, probability > 0.5)


def test_a_model_that_is_right_has_no_segment_that_is_decided() -> None:
    misled = 0
    for seed in range(40):
        probability, label, columns = drawn(seed)
        found = worst_segments(segments_of(columns, None), row_errors(label, scored(probability)))
        misled += found["miscalibrated"] + found["surprising"] > 0
    # At most 5 % of the runs may be misled; 6 of 40 or more have a chance of 1.4 % then.
    assert misled < 6


def test_a_segment_that_the_model_underrates_is_found() -> None:
    probability, label, columns = drawn()
    inside = np.array(columns["plan"].to_pylist()) == "b"
    label = np.where(inside & (np.random.default_rng(2).random(ROWS) < 0.3), 1, label)
    found = worst_segments(segments_of(columns, None), row_errors(label, scored(probability)))
    worst, most_off = found["by_loss"][0], found["by_gap"][0]
    assert (most_off["column"], most_off["value"], most_off["gap_state"]) == ("plan", "b", "too_low")
    assert most_off["rows"] == inside.sum()
    assert most_off["gap"]["value"] == pytest.approx(probability[inside].mean() - label[inside].mean())
    assert most_off["gap"]["low"] < most_off["gap"]["value"] < most_off["gap"]["high"] < 0.0
    assert (worst["column"], worst["value"], worst["surprise_state"]) == ("plan", "b", "larger")


def test_small_parts_are_counted_and_not_named() -> None:
    probability, label, columns = drawn()
    segments = segments_of(columns, None)
    # The 49 rows of "yes", and their 49 rows' complement.
    assert segments.too_small == 2
    assert {one.column for one in segments.found} == {"plan", "age"}
    assert "rare" not in str(worst_segments(segments, row_errors(label, scored(probability))))


def test_parts_with_the_same_rows_are_one() -> None:
    _, _, columns = drawn()
    columns["tariff"] = pa.array([f"tariff {plan}" for plan in columns["plan"].to_pylist()])
    segments = segments_of({name: columns[name] for name in ("plan", "tariff")}, None)
    assert [(one.column, one.value, one.same) for one in segments.found] == [
        ("plan", value, (f"tariff = tariff {value}",)) for value in ("a", "b", "c")
    ]


def test_few_customers_with_many_rows_are_too_small() -> None:
    _, _, columns = drawn()
    assert len(segments_of({"plan": columns["plan"]}, np.arange(ROWS) // 2).found) == 3
    assert segments_of({"plan": columns["plan"]}, np.arange(ROWS) % 40).found == ()


def test_no_churner_among_fifty_rows_does_not_show_that_three_per_cent_are_wrong() -> None:
    probability = np.full(ROWS, 0.03)
    label = (np.arange(ROWS) % 33 == 0).astype(np.int8)
    inside = np.zeros(ROWS, dtype=bool)
    inside[np.flatnonzero(label == 0)[:60]] = True
    columns = {"flag": pa.array(np.where(inside, "in", "out"))}
    found = worst_segments(segments_of(columns, None), row_errors(label, scored(probability)))
    assert {record["gap_state"] for record in found["by_gap"]} == {"undecided"}


def test_where_families_disagree() -> None:
    probability, _, columns = drawn()
    inside = np.array(columns["plan"].to_pylist()) == "c"
    other = np.where(inside, np.clip(probability + 0.25, 0.0, 1.0), probability)
    families = [FamilyPredictions(name, p, p > 0.5) for name, p in (("one", probability), ("two", other))]
    found = disagreement(families, segments_of(columns, None), scale=1.0)
    assert found is not None
    assert [(row["column"], row["value"]) for row in found["segments"]] == [("plan", "c")]
    assert found["over"][1] == {"spread": 0.2, "rows": int((other - probability >= 0.2).sum())}
    assert found["different_decisions"] == int(((probability > 0.5) != (other > 0.5)).sum())
    assert found["rank_correlation"][0][0] == pytest.approx(1.0)
    assert 0.3 < found["rank_correlation"][0][1] < 1.0
    assert disagreement(families[:1], segments_of(columns, None), scale=1.0) is None


def test_a_constant_family_has_no_correlation() -> None:
    probability, _, columns = drawn()
    constant = np.full(ROWS, 0.2)
    families = [FamilyPredictions(name, p, p > 0.5) for name, p in (("one", probability), ("none", constant))]
    found = disagreement(families, segments_of(columns, None), scale=1.0)
    assert found is not None
    assert found["rank_correlation"][0][1] is None
