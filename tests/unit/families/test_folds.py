import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.errors import DataError
from tenure.stats.fold_numbers import fold_numbers
from tenure.stats.strata import stratify
from tenure.training.families import divide


def labels(rows, share=0.3, seed=0):
    return (np.random.default_rng(seed).random(rows) < share).astype(np.int8)


@settings(max_examples=examples(25))
@given(st.integers(40, 200), st.integers(2, 6), st.integers(0, 5))
def test_stratified_folds_hold_every_row_out_once(rows, count, seed):
    label = labels(rows, seed=seed)
    label[:count], label[-count:] = 1, 0
    found = divide(label, count, seed, key=np.arange(rows))
    assert found.kind == "stratified" and len(found.folds) == count
    assert sorted(np.concatenate([fold.held for fold in found.folds])) == list(range(rows))
    for fold in found.folds:
        together = np.concatenate([fold.fit, fold.stop, fold.held])
        assert sorted(together) == list(range(rows))
        assert {0, 1} == set(label[fold.fit]) == set(label[fold.stop]) == set(label[fold.held])
        np.testing.assert_array_equal(fold.train, np.sort(np.concatenate([fold.fit, fold.stop])))


def test_a_customer_with_several_rows_is_never_on_both_sides():
    key = np.repeat(np.array([f"c{i}" for i in range(80)]), 3)
    found = divide(labels(240), 5, 7, key=key)
    assert found.kind == "grouped"
    for fold in found.folds:
        assert not set(key[fold.train]) & set(key[fold.held])
        assert not set(key[fold.fit]) & set(key[fold.stop])
        assert sorted(np.concatenate([fold.fit, fold.stop, fold.held])) == list(range(240))


def test_a_class_of_fewer_customers_than_folds():
    label = np.zeros(300, dtype=np.int8)
    label[:12] = 1
    with pytest.raises(DataError, match="too few customers of its smaller class for 5 folds: 4"):
        divide(label, 5, 7, key=np.repeat(np.arange(100), 3))


def test_time_folds_train_on_the_past_alone():
    rng = np.random.default_rng(1)
    time = np.datetime64("2024-01-01") + rng.integers(0, 300, 600).astype("timedelta64[D]")
    found = divide(labels(600), 5, 7, key=np.arange(600), time=time)
    assert found.kind == "time" and len(found.folds) == 5
    for fold in found.folds:
        assert time[fold.train].max() < time[fold.held].min()
    held = np.concatenate([fold.held for fold in found.folds])
    assert len(held) == len(set(held))


def test_a_label_that_looks_past_the_block_is_left_out_of_training():
    cuts = np.datetime64("2024-01-01") + np.arange(8).astype("timedelta64[D]") * 30
    time = np.repeat(cuts, 100)
    found = divide(labels(800), 4, 7, time=time, horizon=np.timedelta64(90, "D"))
    assert found.kind == "time"
    for fold in found.folds:
        assert time[fold.train].max() + np.timedelta64(90, "D") <= time[fold.held].min()


@pytest.mark.parametrize("distinct", [1, 2])
def test_too_few_times_fall_back_to_folds_by_customer(distinct):
    time = np.repeat(np.datetime64("2024-01-01") + np.arange(distinct).astype("timedelta64[D]"), 200 // distinct)
    key = np.tile(np.arange(200 // distinct), distinct)
    kind = "grouped" if distinct > 1 else "stratified"
    assert divide(labels(200), 5, 7, key=key, time=time).kind == kind


def test_a_class_with_fewer_rows_than_folds():
    label = np.zeros(100, dtype=np.int8)
    label[:4] = 1
    with pytest.raises(DataError, match="4 rows of its smaller class, too few for 5 folds"):
        divide(label, 5, 7)


def test_all_churners_one_customer():
    label = np.zeros(100, dtype=np.int8)
    label[:10] = 1
    key = np.where(label == 1, 0, np.arange(100))
    with pytest.raises(DataError, match="too few customers"):
        divide(label, 5, 7, key=key)


def test_strata_of_a_number_are_shared_out_alike():
    label = np.random.default_rng(3).gamma(1.0, 50.0, 600)
    strata = stratify(label, 10)
    found = divide(strata, 5, 7, classes=10, key=np.arange(600))
    assert found.kind == "stratified"
    for fold in found.folds:
        for part in (fold.fit, fold.stop, fold.held):
            counts = np.bincount(strata[part], minlength=10)
            assert counts.min() >= 1 and counts.max() - counts.min() <= 2


def test_a_number_that_is_hardly_ever_another_is_divided_by_customer_all_the_same():
    label = np.zeros(200)
    label[:3] = 50.0
    strata = stratify(label, 10)
    assert strata.max() == 0
    found = divide(strata, 5, 7, classes=1, key=np.repeat(np.arange(100), 2))
    assert found.kind == "grouped" and len(found.folds) == 5
    assert all(len(fold.stop) and len(fold.fit) and len(fold.held) for fold in found.folds)


@pytest.mark.parametrize("count", [2, 5])
def test_fold_numbers_share_out_each_class_evenly_and_again_the_same(count):
    label = np.random.default_rng(1).random(203) < 0.2
    numbers = fold_numbers(label.astype(np.int8), count, seed=3)
    for value in (False, True):
        sizes = np.bincount(numbers[label == value], minlength=count)
        assert len(sizes) == count
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(numbers, fold_numbers(label.astype(np.float64), count, seed=3))
    assert not np.array_equal(numbers, fold_numbers(label, count, seed=4))


def test_fold_numbers_keep_customers_whole_and_share_out_those_who_left():
    rng = np.random.default_rng(2)
    customer = rng.integers(0, 100, 400)
    customer = np.unique(customer, return_inverse=True)[1]
    left = rng.random(100)[customer] < 0.3
    label = (left & (rng.random(400) < 0.5)).astype(np.int8)
    numbers = fold_numbers(label, 5, seed=3, customer=customer)
    assert all(len(np.unique(numbers[customer == one])) == 1 for one in np.unique(customer))
    churners = np.unique(customer[label == 1])
    sizes = np.bincount([numbers[customer == one][0] for one in churners], minlength=5)
    assert sizes.max() - sizes.min() <= 1
