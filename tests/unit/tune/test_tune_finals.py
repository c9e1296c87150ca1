import pytest

from components.tune.finals import FINALISTS, finals
from tenure.families import CrossValidation


def explored(*scores):
    return {number: CrossValidation(() if score is None else (score,), ()) for number, score in enumerate(scores)}


def later(worth, asked):
    def further(number, folds):
        asked.append((number, folds))
        return CrossValidation((worth[number],) * len(folds), (100,) * len(folds))

    return further


def test_the_best_by_the_first_fold_go_to_half_of_the_folds_and_the_best_of_them_to_all():
    asked = []
    found = finals(explored(0.80, 0.84, None, 0.85, 0.81), 5, "roc_auc", later({1: 0.86, 3: 0.83}, asked))
    assert asked == [(3, range(1, 3)), (1, range(1, 3)), (1, range(3, 5))]
    assert {number: len(result.scores) for number, result in found.items()} == {0: 1, 1: 5, 2: 0, 3: 3, 4: 1}
    assert found[1].scores == (0.84, 0.86, 0.86, 0.86, 0.86) and found[1].rounds == (100,) * 4


def test_a_loss_is_minimized():
    asked = []
    finals(explored(0.5, 0.3, 0.4, 0.2), 5, "log_loss", later(dict.fromkeys(range(4), 0.3), asked))
    assert {number for number, _folds in asked} == {1, 3}


@pytest.mark.parametrize("folds", [2, 3, 4, 5, 10])
def test_whatever_the_folds_one_trial_sees_all_of_them_once(folds):
    asked = []
    found = finals(explored(0.7, 0.8, 0.9), folds, "roc_auc", later(dict.fromkeys(range(3), 0.8), asked))
    assert sum(len(result.scores) == folds for result in found.values()) >= 1
    seen = [fold for number, part in asked if number == 2 for fold in part]
    assert seen == list(range(1, folds)) and len({number for number, _ in asked}) <= FINALISTS


def test_one_trial_alone_is_the_best():
    found = finals(explored(0.7), 3, "roc_auc", later({0: 0.8}, []))
    assert len(found[0].scores) == 3
