import json

import pytest

from tenure.contract import parse
from tenure.errors import TenureError
from tenure.training.best_trial import FILE_NAME, best_trials

CONTRACT = """
name: shop
label: {{positive: "yes"}}
columns:
  id: {{type: string, role: key}}
  visits: {{type: number}}
  left: {{type: string, role: label, values: ["no", "yes"]}}
training: {{families: [xgboost, logistic_regression], trials: 3, objective: {objective}}}
"""


def contract(objective="roc_auc"):
    return parse(CONTRACT.format(objective=objective))


def trial(number, score, rounds=None):
    return {
        "number": number,
        "state": "pruned" if score is None else "complete",
        "score": score,
        "scores": [0.7] if score is None else [score - 0.01, score + 0.01],
        "rounds": rounds,
        "parameters": {"C": number},
        "seconds": 0.5,
    }


def worker(folder, objective, *units):
    folder.mkdir()
    document = {
        "objective": objective,
        "units": [{"family": family, "shard": shard, "trials": trials} for family, shard, trials in units],
    }
    (folder / FILE_NAME).write_text(json.dumps(document))
    return folder


@pytest.fixture
def handed_over(tmp_path):
    return [
        worker(tmp_path / "b", "roc_auc", ("xgboost", 1, [trial(0, 0.83, 70)])),
        worker(
            tmp_path / "a",
            "roc_auc",
            ("xgboost", 0, [trial(0, 0.82, 60), trial(1, None, 5)]),
            ("logistic_regression", 0, [trial(0, 0.81), trial(1, 0.84), trial(2, 0.84)]),
        ),
    ]


def test_the_best_over_all_shards_in_the_contracts_order(handed_over):
    boosted, logistic = best_trials(contract(), handed_over)
    assert (boosted.family, boosted.mean, boosted.parameters) == ("xgboost", 0.83, {"C": 0, "rounds": 70})
    assert (boosted.trials, boosted.pruned, boosted.seconds) == (3, 1, 1.5)
    assert logistic.parameters == {"C": 1}  # of two equal trials the earlier one, and nothing to stop


def test_smaller_is_better_for_a_loss(tmp_path):
    trials = [trial(0, 0.44), trial(1, 0.42), trial(2, 0.43)]
    folder = worker(tmp_path / "a", "log_loss", ("xgboost", 0, trials), ("logistic_regression", 0, trials))
    assert [best.mean for best in best_trials(contract("log_loss"), [folder])] == [0.42, 0.42]


def test_a_missing_worker_is_noticed(handed_over):
    with pytest.raises(TenureError, match="2 trials of xgboost were handed over, the contract has 3"):
        best_trials(contract(), handed_over[1:])


def test_a_worker_twice_is_noticed(handed_over):
    with pytest.raises(TenureError, match="xgboost, part 1, were handed over twice"):
        best_trials(contract(), [*handed_over, handed_over[0]])


def test_trials_for_another_objective_are_noticed(handed_over):
    with pytest.raises(TenureError, match="trials for roc_auc, the contract wants brier"):
        best_trials(contract("brier"), handed_over)


def test_a_family_without_a_score(tmp_path):
    none = [trial(number, None) for number in range(3)]
    folder = worker(tmp_path / "a", "roc_auc", ("xgboost", 0, none), ("logistic_regression", 0, none))
    with pytest.raises(TenureError, match="no trial of xgboost came to its end"):
        best_trials(contract(), [folder])
