import pytest

from tenure.training.families import CrossValidation
from tenure.training.search.finals import CONTENDERS, FINALISTS, finals


def later(worth, asked):
    """Folds of a trial are worth ``worth[number][fold]``."""

    def further(number, folds):
        asked.append((number, folds))
        return CrossValidation(tuple(worth[number][fold] for fold in folds), (100,) * len(folds))

    return further


def scouts(*scores):
    return dict(enumerate(scores))


def test_the_best_scouts_see_a_fold_the_best_of_them_another_and_the_best_of_these_all():
    asked = []
    worth = {1: [0.81] * 5, 4: [0.85, 0.88, 0.87, 0.87, 0.87], 6: [0.86] * 5}
    found = finals(scouts(0.80, 0.84, 0.79, 0.70, 0.85, 0.71, 0.81), 5, "roc_auc", later(worth, asked))
    assert asked[:CONTENDERS] == [(number, range(1)) for number in (4, 1, 6)]
    assert asked[CONTENDERS:] == [(6, range(1, 2)), (4, range(1, 2)), (4, range(2, 5))]
    assert [len(found[number].scores) for number in range(7)] == [0, 1, 0, 0, 5, 0, 2]
    assert found[4].scores == (0.85, 0.88, 0.87, 0.87, 0.87) and found[4].rounds == (100,) * 5


def test_a_loss_is_minimized():
    asked = []
    found = finals(
        scouts(0.5, 0.3, 0.4, 0.2, 0.35, 0.6), 3, "log_loss", later({n: [0.1 * n] * 3 for n in range(6)}, asked)
    )
    assert [number for number, _ in asked] == [3, 1, 4, 1, 3, 1]
    assert len(found[1].scores) == 3 and not found[0].scores


@pytest.mark.parametrize("folds", [2, 3, 4, 5, 10])
def test_whatever_the_folds_one_trial_sees_all_of_them_once(folds):
    asked = []
    worth = {number: [0.7 + 0.1 * number] * folds for number in range(3)}
    found = finals(scouts(0.9, 0.8, 0.7), folds, "roc_auc", later(worth, asked))
    assert sum(len(result.scores) == folds for result in found.values()) >= 1
    seen = [fold for number, part in asked if number == 2 for fold in part]
    assert seen == list(range(folds))
    assert len({number for number, part in asked if part.start > 0}) == FINALISTS


def test_equal_trials_go_on_in_their_order():
    asked = []
    finals(scouts(*[0.8] * 7), 2, "roc_auc", later({number: [0.8, 0.8] for number in range(7)}, asked))
    assert [number for number, _ in asked] == [0, 1, 2, 0, 1]


def test_one_trial_alone_is_the_best():
    found = finals(scouts(0.7), 3, "roc_auc", later({0: [0.8] * 3}, []))
    assert len(found[0].scores) == 3
