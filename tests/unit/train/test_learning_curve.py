"""The learning curve and the summary of trials, on searches that are made up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenure.contract import parse
from tenure.training.best_trial import FILE_NAME, BestTrial
from tenure.training.encoded_part import EncodedPart
from tenure.training.learning_curve import learning_curve
from tenure.training.trials_summary import trials_summary

CONTRACT = """
name: shop
label: {positive: "yes"}
columns:
  id: {type: string, role: key}
  visits: {type: number}
  left: {type: string, role: label, values: ["no", "yes"]}
training: {families: [logistic_regression], trials: 3, objective: log_loss}
"""


def part_of(rows: int, features: int, *, several: int = 1, seed: int = 3) -> EncodedPart:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, features)).astype(np.float32)
    margin = matrix @ random.normal(size=features) / np.sqrt(features)
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(-2.0 * margin))).astype(np.int8)
    return EncodedPart(matrix, label, np.arange(rows) // several, None, {})


def best(family: str = "logistic_regression", **parameters: float) -> BestTrial:
    return BestTrial(family, {"C": 10.0, "imbalance": "none", **parameters}, (0.5,) * 5, 3, 1, 1.0)


def test_more_rows_help_where_there_is_much_to_learn_from_few() -> None:
    found = learning_curve(parse(CONTRACT), "logistic_regression", [best()], part_of(800, 60))
    assert found is not None
    values = [point["value"] for point in found["points"]]
    assert values == sorted(values, reverse=True), "log loss falls with the rows"
    assert [point["rows"] for point in found["points"]] == [80, 160, 320, 640]
    assert found["visible"]
    assert found["doubling"]["rows"] == 1_600
    assert 0.0 < found["doubling"]["low"] < found["doubling"]["value"] < found["doubling"]["high"]


def test_no_gain_is_visible_where_one_column_says_all() -> None:
    found = learning_curve(parse(CONTRACT), "logistic_regression", [best()], part_of(4_000, 1))
    assert found is not None
    assert not found["visible"]
    assert abs(found["doubling"]["value"]) < 0.005


def test_too_few_rows_have_no_curve() -> None:
    assert learning_curve(parse(CONTRACT), "logistic_regression", [best()], part_of(200, 3)) is None


def test_an_ensemble_is_answered_for_by_the_best_that_was_searched() -> None:
    found = learning_curve(parse(CONTRACT), "ensemble", [best()], part_of(1_000, 3))
    assert found is not None
    assert found["family"] == "logistic_regression"


def test_the_scores_of_the_search_are_used_where_it_scored_the_same_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    import tenure.training.learning_curve as module

    part = part_of(1_000, 5)
    whole = learning_curve(parse(CONTRACT), "logistic_regression", [best()], part)
    scored: list[float] = []
    evaluate = module.evaluate
    monkeypatch.setattr(module, "evaluate", lambda *given: scored.append(evaluate(*given)) or scored[-1])
    learning_curve(parse(CONTRACT), "logistic_regression", [best()], part)
    assert len(scored) == 20
    known = BestTrial("logistic_regression", best().parameters, tuple(scored[3::4]), 3, 1, 1.0)
    scored.clear()
    assert learning_curve(parse(CONTRACT), "logistic_regression", [known], part) == whole
    assert len(scored) == 16


def test_a_fraction_of_a_panel_keeps_customers_whole() -> None:
    from tenure.training.learning_curve import _some

    part = part_of(900, 3, several=3)
    kept = _some(part, np.arange(900), 0.25, seed=1)
    assert set(np.bincount(part.key[kept], minlength=300).tolist()) == {0, 3}
    more = _some(part, np.arange(900), 0.5, seed=1)
    assert set(kept) < set(more)


def test_pruned_trials_are_set_beside_the_best_on_the_folds_they_came_to(tmp_path) -> None:
    def trial(state: str, score: float | None, scores: list[float]) -> dict:
        return {"state": state, "score": score, "scores": scores, "seconds": 0.5}

    units = [
        {"family": "logistic_regression", "shard": 1, "trials": [trial("pruned", None, [0.70])]},
        {
            "family": "logistic_regression",
            "shard": 0,
            "trials": [trial("complete", 0.60, [0.69, 0.51]), trial("pruned", None, [])],
        },
    ]
    (tmp_path / FILE_NAME).write_text(json.dumps({"objective": "log_loss", "units": units}))
    known = BestTrial("logistic_regression", {}, (0.69, 0.51), 3, 2, 1.0)
    (found,) = trials_summary([known], [tmp_path])
    assert found["family"] == "logistic_regression"
    assert [(one["state"], one["folds"]) for one in found["trials"]] == [("complete", 2), ("pruned", 0), ("pruned", 1)]
    scores = [one["score"] for one in found["trials"]]
    assert scores[:2] == [0.60, None]
    assert scores[2] == pytest.approx(0.60 + 0.70 - 0.69)
