from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tenure.decision import break_even
from tenure.evaluation import permutation_importance
from tenure.evaluation.importance import MAX_ROWS
from tenure.number_text import money, percent
from tenure.stats.ranks import rank_auc
from tenure.tasks.churn.evaluation import Campaign, Scored, curves
from tenure.tasks.churn.evaluation.curves import POINTS

CAMPAIGN = Campaign(600.0, 10.0, 0.3, contacts=1_000, population=7_000)


def drawn(rows: int = 20_000) -> tuple[np.ndarray, Scored]:
    generator = np.random.default_rng(0)
    probability = generator.beta(1, 3, rows)
    label = (generator.random(rows) < probability).astype(int)
    return label, Scored(probability, probability >= 0.5)


def test_thinned_roc_keeps_its_area_and_its_ends() -> None:
    label, scored = drawn()
    roc = curves(label, scored, CAMPAIGN)["roc"]
    assert len(roc["x"]) <= POINTS + 2
    assert (roc["x"][0], roc["y"][0], roc["x"][-1], roc["y"][-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(rank_auc(label, scored.probability), abs=1e-3)


def test_chosen_point_lies_on_the_curves() -> None:
    label, scored = drawn()
    found = curves(label, scored, CAMPAIGN)
    chosen = found["chosen"]
    assert np.interp(chosen["false_positive_rate"], found["roc"]["x"], found["roc"]["y"]) == pytest.approx(
        chosen["recall"], abs=0.01
    )
    assert np.interp(chosen["share"], found["profit"]["x"], found["profit"]["y"]) == pytest.approx(
        chosen["profit_per_period"], rel=0.03
    )


def test_the_limit_costs_what_the_best_point_earns_more_than_the_best_within_it() -> None:
    label, scored = drawn()
    found = curves(label, scored, CAMPAIGN)
    limit, chosen = found["limit"], found["chosen"]
    assert 0.0 < limit["share"] < limit["best_share"]
    assert limit["best_profit_per_period"] == pytest.approx(max(found["profit"]["y"]), rel=1e-3)
    at_limit = np.interp(limit["share"], found["profit"]["x"], found["profit"]["y"])
    assert limit["best_within_limit_per_period"] == pytest.approx(at_limit, rel=0.02)
    assert limit["cost_per_period"] == pytest.approx(
        limit["best_profit_per_period"] - limit["best_within_limit_per_period"]
    )
    assert limit["best_within_limit_per_period"] == pytest.approx(
        chosen["profit_per_period"] + chosen["less_than_best_per_period"]
    )


def test_a_policy_s_price_is_not_the_limit_s() -> None:
    """A threshold for a high precision contacts few: what that costs is no cost of a limit that is never reached."""
    label, scored = drawn()
    wide = replace(CAMPAIGN, contacts=CAMPAIGN.population)
    precise = Scored(scored.probability, scored.probability >= 0.8)
    found = curves(label, precise, wide)
    assert found["limit"]["cost_per_period"] == 0.0
    assert found["chosen"]["less_than_best_per_period"] > 0.2 * found["limit"]["best_profit_per_period"]
    # With calibrated probabilities the most profitable threshold is where an offer pays for itself.
    best = Scored(scored.probability, scored.probability >= break_even(CAMPAIGN))
    left = curves(label, best, wide)["chosen"]["less_than_best_per_period"]
    assert 0.0 <= left < 0.02 * found["limit"]["best_profit_per_period"]


def test_with_values_the_profit_curve_contacts_first_whom_it_is_worth_most_to_contact() -> None:
    label, scored = drawn()
    value = np.where(np.arange(label.size) % 4 == 0, 3_000.0, 300.0)
    found = curves(label, scored, CAMPAIGN, value)["profit"]
    order = np.argsort(-scored.probability * value)
    for share in (0.1, 0.3, 1.0):
        count = round(share * label.size)
        first = order[:count]
        earned = 0.3 * float((label * value)[first].sum()) - 10.0 * count
        drawn_there = float(np.interp(share, found["x"], found["y"]))
        assert drawn_there == pytest.approx(earned / label.size * CAMPAIGN.population, rel=0.02)


def test_calibration_bins_hold_all_rows_and_their_rate() -> None:
    label, scored = drawn()
    bins = curves(label, scored, CAMPAIGN)["calibration"]
    assert sum(row["rows"] for row in bins) == label.size
    assert sum(row["rows"] * row["rate"] for row in bins) == pytest.approx(label.sum())
    assert all(0.0 <= row["low"] <= row["rate"] <= row["high"] <= 1.0 for row in bins)


def test_one_class_has_no_roc() -> None:
    found = curves(np.zeros(10, dtype=int), Scored(np.linspace(0, 1, 10), np.ones(10, dtype=bool)), CAMPAIGN)
    assert "roc" not in found
    assert found["gain"] is None


def test_importance_finds_what_the_model_uses() -> None:
    generator = np.random.default_rng(1)
    rows = MAX_ROWS + 1_000
    strong, weak, unused = generator.normal(size=(3, rows))
    label = (generator.random(rows) < 1 / (1 + np.exp(-(2 * strong + 0.5 * weak)))).astype(int)
    columns = {"unused": pa.array(unused), "weak": pa.array(weak), "strong": pa.array(strong)}
    seen = []

    def predict(given: dict[str, pa.Array]) -> np.ndarray:
        seen.append(len(given["weak"]))
        return 1 / (1 + np.exp(-(2 * np.asarray(given["strong"]) + 0.5 * np.asarray(given["weak"]))))

    calls = []
    asked = {"quality": rank_auc, "seed": 3}
    found = permutation_importance(
        predict, columns, label, list(columns), progress=lambda done, total: calls.append((done, total)), **asked
    )
    assert [importance.column for importance in found] == ["strong", "weak", "unused"]
    assert found[0].drop > 0.2
    assert found[2].drop == 0.0
    assert set(seen) == {MAX_ROWS}
    assert calls[-1] == (3, 3)
    assert permutation_importance(predict, columns, np.ones(rows, dtype=int), ["weak"], **asked) == []


def test_money_and_percent_as_people_write_them() -> None:
    assert money(1234.4, "USD") == "$1,234"
    assert money(-50, "EUR") == "-€50"
    assert money(2.5, "CHF") == "2.50 CHF"
    assert money(0, "USD") == "$0"
    assert money(-0.001, "USD") == "$0"
    assert money(3.0, "GBP") == "£3"
    assert percent(0.2654) == "26.5 %"
