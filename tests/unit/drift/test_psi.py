"""Profiles and the distance between them."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract import Column
from tenure.errors import DataError
from tenure.stats import NumberProfile, Profile, Sketch, TextProfile, build, distances, psi, sketch

COLUMNS = {
    "spend": Column(type="number"),
    "plan": Column(type="category"),
    "active": Column(type="boolean"),
    "since": Column(type="date"),
}


def table(rows: int, seed: int, shift: float = 0.0) -> pa.RecordBatch:
    random = np.random.default_rng(seed)
    spend = random.normal(shift, 1, rows)
    return pa.RecordBatch.from_pydict(
        {
            "spend": pa.array(spend, mask=random.random(rows) < 0.1),
            "plan": pa.array(random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])),
            "active": pa.array(random.random(rows) < 0.5),
            "since": pa.array(np.full(rows, 19_000), pa.int32()).cast(pa.date32()),
        }
    )


def sketched(batch: pa.RecordBatch, columns: dict[str, Column] = COLUMNS) -> Sketch:
    seen = Sketch(columns)
    seen.add(batch)
    return seen


def test_psi_by_hand() -> None:
    reference, current = np.array([0.5, 0.5]), np.array([0.8, 0.2])
    rows = 10**9  # so many that the prior does not show
    by_hand = 0.3 * math.log(0.8 / 0.5) + (-0.3) * math.log(0.2 / 0.5)
    assert psi(reference, current, rows, rows) == pytest.approx(by_hand, abs=1e-8)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.data())
@settings(max_examples=examples(60))
def test_psi_is_no_distance_to_itself_positive_and_symmetric(counts: list[int], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.integers(0, 50), min_size=len(counts), max_size=len(counts)))
    one, two = (np.array(c) / max(sum(c), 1) for c in (counts, other))
    assert psi(one, one, 100, 100) == pytest.approx(0.0, abs=1e-12)
    assert psi(one, two, 100, 100) >= -1e-12
    assert psi(one, two, 100, 100) == pytest.approx(psi(two, one, 100, 100))
    assert math.isfinite(psi(one, two, 100, 100))


def test_psi_over_other_bins_is_refused() -> None:
    with pytest.raises(ValueError, match="the shares are over different bins"):
        psi(np.array([1.0]), np.array([0.5, 0.5]), 1, 1)


def test_the_same_distribution_is_near_and_a_shifted_one_is_far() -> None:
    reference = build([table(5_000, 1)], COLUMNS)
    same = distances(reference, sketched(table(5_000, 2)))
    assert set(same) == {"spend", "plan", "active"}
    assert max(same.values()) < 0.02
    moved = distances(reference, sketched(table(5_000, 3, shift=1.0)))
    assert moved["spend"] > 0.5
    assert moved["plan"] < 0.02


def test_a_text_never_seen_and_missing_values_move_a_column() -> None:
    plan = {"plan": Column(type="category")}

    def of(*values: str | None) -> Sketch:
        return sketched(pa.RecordBatch.from_pydict({"plan": pa.array(values * 100, pa.string())}), plan)

    reference = Profile.of(of("a", "b"), plan)
    assert distances(reference, of("a", "b"))["plan"] == pytest.approx(0.0)
    assert distances(reference, of("a", "new"))["plan"] > 1
    assert distances(reference, of("a", None))["plan"] > 1


def test_columns_that_are_gone_or_of_another_kind_are_left_out() -> None:
    reference = build([table(100, 1)], COLUMNS)
    changed = pa.RecordBatch.from_pydict({"spend": pa.array(["x"] * 100)})
    assert distances(reference, sketched(changed, {"spend": Column(type="category")})) == {}


def test_shares_add_up_and_bins_hold_about_the_same() -> None:
    profile = build([table(10_000, 1)], COLUMNS)
    spend, plan = profile.columns["spend"], profile.columns["plan"]
    assert isinstance(spend, NumberProfile)
    assert isinstance(plan, TextProfile)
    assert len(spend.edges) == 9
    assert sum(spend.shares) + spend.missing == pytest.approx(1.0)
    assert spend.missing == pytest.approx(0.1, abs=0.02)
    assert all(share == pytest.approx(0.09, abs=0.005) for share in spend.shares)
    assert sum(plan.values.values()) + plan.other + plan.missing == pytest.approx(1.0)
    assert list(plan.values) == ["a", "b", "c"]
    assert "since" not in profile.columns


def test_a_value_that_half_of_all_rows_hold_is_one_edge() -> None:
    numbers = pa.RecordBatch.from_pydict({"n": pa.array([0.0] * 60 + list(range(1, 41)))})
    profile = build([numbers], {"n": Column(type="number")}).columns["n"]
    assert profile.edges == (0.0, 10.0, 20.0, 30.0)
    assert profile.shares == (0.6, 0.1, 0.1, 0.1, 0.1)


def test_json_there_and_back() -> None:
    profile = build([table(500, 1)], COLUMNS)
    assert Profile.from_json(profile.to_json()) == profile
    assert json.loads(profile.to_json())["columns"]["active"]["kind"] == "text"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"rows": 1, "columns": {"a": {}}}',
        '{"rows": 1, "columns": {"a": {"kind": "number", "edges": [1], "shares": [1], "missing": 0}}}',
    ],
)
def test_what_is_no_profile_is_said(text: str) -> None:
    with pytest.raises(DataError, match="not a profile"):
        Profile.from_json(text)


def test_how_rows_were_cut_into_batches_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "SAMPLE_ROWS", 200)
    whole = table(3_000, 1)
    parts = [whole.slice(start, 70) for start in range(0, 3_000, 70)]
    assert build(parts, COLUMNS) == build([whole], COLUMNS)


def test_the_sample_is_bounded_and_speaks_for_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "SAMPLE_ROWS", 500)
    seen = Sketch({"n": Column(type="integer")})
    for start in range(0, 50_000, 1_000):
        seen.add(pa.RecordBatch.from_pydict({"n": pa.array(range(start, start + 1_000))}))
    sample = seen.numbers("n")
    assert (len(sample), seen.sample_rows, seen.rows) == (500, 500, 50_000)
    assert np.mean(sample) == pytest.approx(25_000, rel=0.08)
    assert (seen.lows["n"], seen.highs["n"]) == (0, 49_999)


def test_the_rarest_of_very_many_texts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "MAX_VALUES", 100)
    seen = Sketch({"t": Column(type="string")})
    for start in range(0, 2_000, 80):
        seen.add(pa.RecordBatch.from_pydict({"t": [*(str(n) for n in range(start, start + 80)), *["often"] * 80]}))
    assert len(seen.texts("t")) <= 100
    assert seen.texts("t")["often"] == 2_000


def test_no_rows() -> None:
    profile = build([], COLUMNS)
    assert profile.rows == 0
    assert Profile.from_json(profile.to_json()) == profile
