import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from tenure.decision import Calibration, choose_calibration
from tenure.decision.calibration import log_odds, sigmoid
from tenure.decision.fit_calibration import METHODS, centered_isotonic, fit, platt
from tenure.errors import DataError


def draw(n=1200, slope=1.0, shift=0.0, seed=0):
    """Margins, the raw probabilities they mean, and labels whose true log-odds are slope * margin + shift."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-1.0, 1.5, n)
    label = (rng.random(n) < sigmoid(slope * margin + shift)).astype(np.int8)
    return margin, sigmoid(margin), label


def test_sigmoid_and_log_odds_undo_each_other_and_never_overflow():
    z = np.array([-1e4, -13.0, -1.0, 0.0, 0.5, 13.0, 1e4])
    p = sigmoid(z)
    assert p[0] == 0.0 and p[-1] == 1.0
    np.testing.assert_allclose(log_odds(p[1:-1]), z[1:-1], rtol=1e-9)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_platt_is_the_logistic_regression_on_the_margin():
    margin, _, label = draw(n=20_000, slope=0.6, shift=-0.8)
    slope, intercept = platt(margin, label.astype(float))
    reference = LogisticRegression(C=1e9, tol=1e-10).fit(margin[:, None], label)
    # The smoothed targets move the fit by something of the order of 1 / rows.
    assert slope == pytest.approx(reference.coef_[0, 0], abs=2e-3)
    assert intercept == pytest.approx(reference.intercept_[0], abs=2e-3)


def test_platt_on_separable_margins_stays_finite():
    slope, intercept = platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert 0.0 < slope < 100.0 and np.isfinite(intercept)


@pytest.mark.parametrize("margin", [np.array([3.0, 2.0, -2.0, -3.0]), np.ones(4)], ids=["backwards", "constant"])
def test_a_margin_that_says_nothing_gets_one_probability(margin):
    label = np.array([0.0, 0.0, 1.0, 1.0])
    fitted = fit("sigmoid", margin, sigmoid(margin), label, "margin")
    np.testing.assert_allclose(fitted.apply(margin, sigmoid(margin)), 0.5)


def test_isotonic_blocks_are_those_of_sklearn():
    rng = np.random.default_rng(1)
    x = rng.random(300).round(2)  # ties
    label = (rng.random(300) < x**2).astype(float)
    knots, values = centered_isotonic(x, label)
    reference = IsotonicRegression().fit(x, label)
    blocks = np.unique(reference.predict(np.sort(x)))
    edge = 0.5 / 300
    np.testing.assert_allclose(values, np.clip(blocks, edge, 1 - edge), atol=1e-12)
    for knot, value in zip(knots, blocks, strict=True):
        inside = x[np.isclose(reference.predict(x), value, atol=1e-12)]
        assert knot == pytest.approx(inside.mean())


@settings(max_examples=examples(40))
@given(
    st.lists(st.tuples(st.floats(-8, 8), st.integers(0, 1)), min_size=4, max_size=60),
    st.sampled_from(METHODS),
    st.sampled_from(["margin", "probability"]),
)
def test_every_calibration_is_monotone_in_the_unit_interval_and_survives_json(rows, method, scale):
    margin = np.array([row[0] for row in rows])
    label = np.array([row[1] for row in rows], dtype=float)
    if label.min() == label.max():
        label[0] = 1.0 - label[0]
    fitted = fit(method, margin, sigmoid(margin), label, scale)
    z = np.linspace(-12, 12, 301)
    p = fitted.apply(z, sigmoid(z))
    assert (np.diff(p) >= -1e-15).all() and p.min() >= 0.0 and p.max() <= 1.0
    again = Calibration.from_dict(fitted.to_dict())
    assert again == fitted
    np.testing.assert_array_equal(again.apply(z, sigmoid(z)), p)


def test_a_calibrated_model_is_left_alone():
    margin, probability, label = draw()
    assert choose_calibration(margin, probability, label, link="logit", seed=0).calibration.method == "none"


@pytest.mark.parametrize("link", ["logit", "identity"])
def test_a_model_trained_on_a_shifted_base_rate_is_corrected(link):
    margin, probability, label = draw(n=4000, slope=0.7, shift=-1.5)
    given_margin = margin if link == "logit" else probability
    choice = choose_calibration(given_margin, probability, label, link=link, seed=0)
    assert choice.calibration.method == "sigmoid"
    p = choice.calibration.apply(given_margin, probability)
    assert p.mean() == pytest.approx(label.mean(), abs=2e-3)
    assert choice.log_loss["sigmoid"] < choice.log_loss["none"] - 0.1


def test_isotonic_is_chosen_where_no_sigmoid_fits():
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.01, 0.99, 6000)
    steps = np.where(probability < 0.2, 0.02, np.where(probability < 0.9, 0.5, 0.55))
    label = (rng.random(6000) < steps).astype(int)
    margin = log_odds(probability)
    assert choose_calibration(margin, probability, label, link="logit", seed=0).calibration.method == "isotonic"


@pytest.mark.parametrize("churners", [0, 1, 9, 10])
def test_too_few_rows_of_a_class(churners):
    label = np.arange(10) < churners
    margin = np.linspace(-1, 1, 10)
    with pytest.raises(DataError, match="two rows of each class"):
        choose_calibration(margin, sigmoid(margin), label, link="logit", seed=0)


@pytest.mark.parametrize(
    "broken",
    [
        {"method": "magic"},
        {"method": "sigmoid", "slope": -0.1},
        {"method": "sigmoid", "intercept": float("nan")},
        {"method": "sigmoid", "scale": "logit"},
        {"method": "isotonic"},
        {"method": "isotonic", "x": (0.0, 1.0), "y": (0.5,)},
        {"method": "isotonic", "x": (0.0, 1.0), "y": (0.5, 0.4)},
        {"method": "isotonic", "x": (0.3, 0.3), "y": (0.1, 0.4)},
        {"method": "isotonic", "x": (0.3, 0.4), "y": (0.1, 1.4)},
    ],
)
def test_a_calibration_that_is_none_is_refused(broken):
    with pytest.raises(ValueError, match="calibration"):
        Calibration(**broken)


def test_what_one_customer_repeats_is_no_reason_for_a_bend():
    # A few customers in the middle left in all their rows, which a bent map takes up; by customers it is luck.
    bent = []
    for draw in range(8):
        rng = np.random.default_rng(draw)
        customer = np.repeat(np.arange(60), 20)
        score = rng.uniform(0.05, 0.95, 60)
        label = (rng.random(60) < score).astype(int)[customer]
        probability = np.clip(score[customer] + rng.normal(0.0, 0.001, 1200), 0.01, 0.99)
        margin = log_odds(probability)
        by_row, by_customer = (
            choose_calibration(margin, probability, label, link="logit", seed=0, customer=given)
            for given in (None, customer)
        )
        assert by_row.calibration.method != "none"
        assert by_customer.log_loss["isotonic"] > by_row.log_loss["isotonic"]
        bent.append(by_customer.calibration.method != "none")
    assert sum(bent) <= 4


def test_too_few_customers_of_a_class():
    label = np.repeat([1, 0, 0, 0], 5)
    margin = np.linspace(-1, 1, 20)
    with pytest.raises(DataError, match="calibration needs two customers of each class among the rows held out, one"):
        choose_calibration(margin, sigmoid(margin), label, link="logit", seed=0, customer=np.repeat([0, 1, 2, 3], 5))
