import numpy as np
import pytest

from tenure.training.families import Rows
from tenure.training.families.binned_boosting import BinnedBoosting


@pytest.fixture
def numbers():
    random = np.random.default_rng(3)
    matrix = random.normal(size=(900, 4)).astype(np.float32)
    return matrix, (matrix[:, 0] + random.normal(size=900) > 0.5).astype(np.int8)


def fitted(matrix, label, rows, **more):
    estimator = BinnedBoosting(max_iter=5, max_bins=31, early_stopping=False, random_state=7)
    estimator.kept = lambda make: rows.once("bins", make)
    return estimator.fit(matrix, label, **more)


def test_without_weights_it_is_the_librarys_own_model(numbers):
    from sklearn.ensemble import HistGradientBoostingClassifier

    plain = HistGradientBoostingClassifier(max_iter=5, max_bins=31, early_stopping=False, random_state=7).fit(*numbers)
    ours = fitted(*numbers, Rows(*numbers))
    np.testing.assert_array_equal(ours.predict_proba(numbers[0]), plain.predict_proba(numbers[0]))


def test_rows_that_keep_are_binned_once_and_weights_still_count(numbers, monkeypatch):
    from sklearn.ensemble._hist_gradient_boosting import binning

    found, real = [], binning._find_binning_thresholds

    def counted(column, max_bins, sample_weight=None):
        found.append(sample_weight)
        return real(column, max_bins, sample_weight)

    monkeypatch.setattr(binning, "_find_binning_thresholds", counted)
    rows = Rows(*numbers, keeps=True)
    plain = fitted(*numbers, rows)
    weighted = fitted(*numbers, rows, sample_weight=1.0 + 9.0 * numbers[1])
    assert len(found) == 4 and not any(weight is not None for weight in found)
    assert weighted.predict_proba(numbers[0])[:, 1].mean() > plain.predict_proba(numbers[0])[:, 1].mean() + 0.1
