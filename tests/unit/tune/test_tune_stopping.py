"""When a search ends before its last trial, and where it begins."""

from __future__ import annotations

import json

import optuna
import pytest

from tenure.contract.budget import budget_seconds
from tenure.contract.settings import Training
from tenure.training.families import NAMES, get
from tenure.training.search import stopping
from tenure.training.search.starts import OTHERS, starts
from tenure.training.search.stopping import PATIENCE, Clock, is_certain


@pytest.mark.parametrize(
    ("scores", "trials", "certain"),
    [
        ([0.40] + [0.41] * PATIENCE, 12, True),
        ([0.40] + [0.41] * (PATIENCE - 1), 12, False),
        ([0.41, 0.40] + [0.405] * (PATIENCE - 1), 12, False),
        ([0.40] + [None] * PATIENCE, 12, True),
        ([None] * 12, 12, False),
        ([0.40] + [0.41] * PATIENCE, 60, False),
        ([0.40] + [0.41] * 20, 60, True),
        ([], 12, False),
    ],
)
def test_a_leader_is_certain_after_trials_that_are_no_better(
    scores: list[float | None], trials: int, certain: bool
) -> None:
    assert is_certain(scores, trials, "log_loss") == certain
    assert is_certain([score if score is None else 1.0 - score for score in scores], trials, "roc_auc") == certain


def test_units_share_the_budget_by_what_their_trials_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    clock = Clock(60.0, [1.0, 2.0, 3.0])
    clock.begin(0)
    now[0] = 9.9
    assert not clock.is_over()
    now[0] = 10.0
    assert clock.is_over()
    clock.begin(1)  # 50 s left, two fifths of them
    now[0] = 29.9
    assert not clock.is_over()
    now[0] = 30.0
    assert clock.is_over()
    now[0] = 70.0
    clock.begin(2)
    assert clock.is_over()


def test_without_a_budget_no_time_is_up() -> None:
    clock = Clock(None, [1.0])
    clock.begin(0)
    assert not clock.is_over()


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), (" 90 ", 90), ("2 m", 120)])
def test_budgets(text: str, seconds: int) -> None:
    assert budget_seconds(text) == seconds
    assert Training(budget=text).budget_s == seconds
    assert Training().budget_s is None


@pytest.mark.parametrize("text", ["0s", "-1", "8 days", "soon", "200h", "", "1.5m"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(ValueError, match="budget"):
        Training(budget=text)


@pytest.mark.parametrize("family", OTHERS)
def test_starts_lie_in_the_search_space(family: str) -> None:
    for start in starts(family):
        trial = optuna.trial.FixedTrial(dict(start))
        suggested = get(family).suggest(trial)
        assert suggested == dict(start)
        for name, distribution in trial.distributions.items():
            assert distribution._contains(distribution.to_internal_repr(start[name])), (name, start[name])


def test_every_family_starts_with_its_default() -> None:
    assert set(OTHERS) <= set(NAMES)
    assert all(starts(name)[0] == get(name).default for name in NAMES)


def test_a_budget_that_is_over_leaves_the_first_trial(make_upstream, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tenure.training.best_trial import best_trials
    from tenure.training.search.run import FILE_NAME, search

    upstream = make_upstream(rows=600, families=("logistic_regression", "xgboost"), trials=9, folds=3)
    training = upstream.terms.training.model_copy(update={"budget": "1s"})
    contract = upstream.terms.model_copy(update={"training": training})
    search(contract=contract, features=upstream.features, storage=str(tmp_path / "s.log"), trials=tmp_path / "t")
    units = json.loads((tmp_path / "t" / FILE_NAME).read_text())["units"]
    assert all(len(unit["trials"]) >= 1 and unit["trials"][0]["state"] == "complete" for unit in units)
    assert any(unit["stopped"] == "budget" for unit in units)
    assert [best.family for best in best_trials(contract, [tmp_path / "t"])] == ["logistic_regression", "xgboost"]
