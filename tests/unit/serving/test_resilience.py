"""Circuit breakers, and the answers when a model or its explainer fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bundle_variants import accompanied

from serving.inference.hooks import BASE_RATE, COMPANION, REASONS
from serving.resilience import CLOSED, HALF_OPEN, OPEN, Breaker, Guard
from serving.v2.errors import RequestError
from serving.v2.query import Query
from serving.v2.request import Options
from tenure import bundle
from tenure.bundle import Bundle, Prediction


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_after_failures_in_a_row_and_closes_after_one_success() -> None:
    clock, states = Clock(), []
    breaker = Breaker(failures=3, open_s=10.0, on_change=states.append, clock=clock)
    for _ in range(2):
        breaker.failed()
    breaker.succeeded()
    for _ in range(2):
        breaker.failed()
    assert (breaker.state, breaker.allows()) == (CLOSED, True), "not three in a row"
    breaker.failed()
    assert (breaker.state, breaker.allows()) == (OPEN, False)
    clock.now = 9.9
    assert not breaker.allows()
    clock.now = 10.0
    assert breaker.allows()
    assert breaker.state == HALF_OPEN
    assert not breaker.allows(), "one try at a time"
    breaker.failed()
    assert (breaker.state, breaker.allows()) == (OPEN, False)
    clock.now = 20.0
    assert breaker.allows()
    breaker.succeeded()
    assert (breaker.state, breaker.allows()) == (CLOSED, True)
    for _ in range(2):
        breaker.failed()
    assert breaker.state == CLOSED, "it begins to count anew"
    assert states == [CLOSED, OPEN, HALF_OPEN, OPEN, HALF_OPEN, CLOSED]


def test_an_undecided_trial_is_followed_by_another() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, open_s=10.0, clock=clock)
    breaker.failed()
    clock.now = 10.0
    assert breaker.allows()
    breaker.undecided()
    assert breaker.allows()
    # Nobody tells how this one ended: its request was given up.
    assert not breaker.allows()
    clock.now = 20.0
    assert breaker.allows()


def test_a_late_success_does_not_close_an_open_breaker() -> None:
    breaker = Breaker(failures=1, clock=Clock())
    breaker.failed()
    breaker.succeeded()
    assert breaker.state == OPEN


@pytest.fixture(scope="module")
def real(small_bundle: Any) -> Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture
def rows(small_bundle: Any) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:5] for name in small_bundle.rows.column_names}


class Model:
    """The part of a model that a guard uses: name and bundle."""

    def __init__(self, real: Bundle) -> None:
        self.name, self.bundle = "telco", real


class Guarded:
    """A guard, its breakers, and work that a test controls."""

    def __init__(self, real: Bundle, rows: dict[str, list]) -> None:
        self.model, self.rows, self.clock = Model(real), rows, Clock()
        self.breakers: dict[str, Breaker] = {}
        self.guard = Guard(self._breaker, clock=self.clock)
        self.asked: list[int] = []
        self.fault: Callable[[Query], None] = lambda _: None
        self.change: Callable[[Prediction], Prediction] = lambda prediction: prediction

    def _breaker(self, _: Any, part: str) -> Breaker:
        self.breakers[part] = Breaker(failures=3, open_s=10.0, clock=self.clock)
        return self.breakers[part]

    def work(self, query: Query) -> Prediction:
        self.asked.append(query.options.explain)
        self.fault(query)
        options = query.options
        return self.change(
            self.model.bundle.predict(query.columns, explain=options.explain, threshold=options.threshold)
        )

    def ask(self, explain: int = 0, threshold: float | None = None) -> Any:
        query = Query(self.rows, 5, Options(explain, threshold), None, None)
        return self.guard.predict(self.model, query, self.work)


@pytest.fixture
def guarded(real: Bundle, rows: dict[str, list]) -> Guarded:
    return Guarded(real, rows)


def broken(_: Query) -> None:
    raise RuntimeError("planted")


def test_a_model_that_works_is_left_alone(guarded: Guarded, real: Bundle, rows: dict[str, list]) -> None:
    prediction, why = guarded.ask(explain=2)
    assert why == ""
    np.testing.assert_array_equal(prediction.probability, real.predict(rows).probability)
    assert [len(row) for row in prediction.reasons] == [2] * 5


@pytest.mark.parametrize("threshold", [None, 0.0, 1.0])
def test_a_model_that_raises_is_answered_for_by_the_base_rate(
    guarded: Guarded, real: Bundle, threshold: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.fault = broken
    prediction, why = guarded.ask(explain=2, threshold=threshold)
    decision = real.decision
    assert why == BASE_RATE
    assert prediction.probability.tolist() == [decision.base_rate] * 5
    expected = decision.base_rate >= (decision.threshold if threshold is None else threshold)
    assert prediction.decision.tolist() == [expected] * 5
    assert prediction.band == decision.band(np.full(5, decision.base_rate))
    assert prediction.recommendation == [decision.recommendations.get(name, "") for name in prediction.band]
    assert (prediction.version, prediction.reasons) == (real.version, [[]] * 5), (
        "a row each, so the answer keeps its shape"
    )
    assert "planted" in caplog.text


def test_a_broken_model_is_not_tried_for_each_request_and_then_again(guarded: Guarded) -> None:
    guarded.fault = broken
    for _ in range(10):
        assert guarded.ask().fallback == BASE_RATE
    assert len(guarded.asked) == 3
    guarded.clock.now = 10.0
    assert guarded.ask().fallback == BASE_RATE
    assert len(guarded.asked) == 4, "one try"
    guarded.fault = lambda _: None
    assert guarded.ask().fallback == BASE_RATE
    guarded.clock.now = 20.0
    assert [guarded.ask().fallback for _ in range(5)] == [""] * 5
    assert guarded.breakers["model"].state == CLOSED


def test_a_clients_mistake_is_the_clients_and_opens_nothing(guarded: Guarded) -> None:
    def refuse(_: Query) -> None:
        raise RequestError("no such value")

    guarded.fault = refuse
    for explain in (0, 2):
        for _ in range(10):
            with pytest.raises(RequestError, match="no such value"):
                guarded.ask(explain)
    assert {breaker.state for breaker in guarded.breakers.values()} == {CLOSED}
    guarded.fault = lambda _: None
    assert guarded.ask().fallback == ""


@pytest.fixture
def accompanied_bundle(small_bundle: Any, tmp_path: Path) -> Bundle:
    accompanied(small_bundle.folder, tmp_path / "accompanied")
    return bundle.read(tmp_path / "accompanied")


@pytest.mark.parametrize("threshold", [None, 0.0, 1.0])
def test_a_companion_answers_for_a_model_that_raises(
    accompanied_bundle: Bundle, rows: dict[str, list], threshold: float | None
) -> None:
    guarded = Guarded(accompanied_bundle, rows)
    guarded.fault = broken
    expected = accompanied_bundle.predict_by_companion(rows, threshold=threshold)
    assert expected is not None
    for _ in range(5):
        prediction, which = guarded.ask(explain=2, threshold=threshold)
        assert which == COMPANION
        assert prediction.probability.tolist() == expected.probability.tolist()
        assert len(set(prediction.probability.tolist())) == 5, "it reads the rows"
        assert prediction.decision.tolist() == expected.decision.tolist()
        assert (prediction.band, prediction.reasons) == (expected.band, [[]] * 5)
    assert guarded.breakers["model"].state == OPEN


def test_a_companion_answers_for_rows_with_an_invalid_score(accompanied_bundle: Bundle, rows: dict) -> None:
    guarded = Guarded(accompanied_bundle, rows)
    before = guarded.ask().prediction

    def spoil(prediction: Prediction) -> Prediction:
        return replace(prediction, probability=np.where(np.arange(5) == 3, np.nan, prediction.probability))

    guarded.change = spoil
    prediction, which = guarded.ask()
    expected = accompanied_bundle.predict_by_companion(rows)
    assert which == COMPANION and expected is not None
    assert prediction.probability[3] == expected.probability[3] != before.probability[3]
    assert np.delete(prediction.probability, 3).tolist() == np.delete(before.probability, 3).tolist()


def test_the_base_rate_answers_where_the_companion_fails_too(
    accompanied_bundle: Bundle, rows: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = Guarded(accompanied_bundle, rows)
    guarded.fault = broken
    for fault in (broken, lambda _: (np.full(5, np.nan), np.full(5, np.nan))):
        monkeypatch.setattr("tenure.bundle.companion.Companion.run", lambda _, matrix, fault=fault: fault(matrix))
        prediction, which = guarded.ask()
        assert (which, prediction.probability.tolist()) == (BASE_RATE, [accompanied_bundle.decision.base_rate] * 5)


def test_while_a_model_is_left_alone_a_clients_mistake_is_still_the_clients(
    accompanied_bundle: Bundle, rows: dict
) -> None:
    guarded = Guarded(accompanied_bundle, rows)
    guarded.fault = broken
    while guarded.ask() and guarded.breakers["model"].state != OPEN:
        pass
    guarded.rows = {**rows, "MonthlyCharges": ["much"] * 5}
    with pytest.raises(RequestError, match="MonthlyCharges"):
        guarded.ask()


@pytest.mark.parametrize("threshold", [None, 1e9])
def test_a_regressions_fallback_is_the_mean_with_the_spread_around_it(
    small_value_bundle: Any, threshold: float | None
) -> None:
    real = bundle.read(small_value_bundle.folder)
    rows = {name: small_value_bundle.rows[name].to_pylist()[:5] for name in small_value_bundle.rows.column_names}
    guarded = Guarded(real, rows)
    before = guarded.ask().prediction

    def spoil(prediction: Any) -> Any:
        value = prediction.value.copy()
        value[1] = np.nan
        return replace(prediction, value=value)

    guarded.change = spoil
    prediction, why = guarded.ask(threshold=threshold)
    decision = real.decision
    assert why == BASE_RATE
    assert prediction.value[1] == decision.label_mean
    assert prediction.low[1] <= decision.label_mean <= prediction.high[1]
    assert prediction.decision[1] == (decision.label_mean >= (decision.threshold if threshold is None else threshold))
    assert prediction.value[0] == before.value[0]
    guarded.fault = broken
    prediction, why = guarded.ask(threshold=threshold)
    assert (why, prediction.value.tolist()) == (BASE_RATE, [decision.label_mean] * 5)
    assert prediction.band == decision.band(prediction.value)


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf, -0.1, 1.1])
def test_invalid_scores_are_replaced_row_by_row(guarded: Guarded, real: Bundle, score: float) -> None:
    before = guarded.ask(explain=2).prediction

    def spoil(prediction: Prediction) -> Prediction:
        probability = prediction.probability.copy()
        probability[3] = score
        return replace(prediction, probability=probability)

    guarded.change = spoil
    prediction, why = guarded.ask(explain=2)
    assert why == BASE_RATE
    assert prediction.probability[3] == real.decision.base_rate
    assert prediction.reasons[3] == []
    for row in (0, 1, 2, 4):
        assert prediction.probability[row] == before.probability[row]
        assert prediction.reasons[row] == before.reasons[row]
    assert prediction.band[3] == real.decision.band(np.array([real.decision.base_rate]))[0]


def test_a_broken_explainer_costs_the_reasons_alone_and_is_then_left_alone(guarded: Guarded, real: Bundle) -> None:
    def without_reasons(query: Query) -> None:
        if query.options.explain:
            raise ZeroDivisionError("planted")

    guarded.fault = without_reasons
    for _ in range(5):
        prediction, why = guarded.ask(explain=2)
        assert (why, prediction.reasons) == (REASONS, [[]] * 5)
        np.testing.assert_array_equal(prediction.probability, real.predict(guarded.rows).probability)
    assert guarded.asked == [2, 0] * 3 + [0, 0], "from the third failure on only the score is asked for"
    assert (guarded.breakers["reasons"].state, guarded.breakers["model"].state) == (OPEN, CLOSED)
    guarded.fault = lambda _: None
    guarded.clock.now = 10.0
    prediction, why = guarded.ask(explain=2)
    assert (why, len(prediction.reasons)) == ("", 5)


def test_a_new_version_begins_with_a_clean_record(guarded: Guarded, real: Bundle) -> None:
    guarded.fault = broken
    for _ in range(5):
        guarded.ask()
    assert guarded.breakers["model"].state == OPEN
    guarded.model = Model(real)
    guarded.fault = lambda _: None
    assert guarded.ask().fallback == ""


def test_a_failing_model_does_not_fill_the_log(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    def sometimes(_: Query) -> None:
        if len(guarded.asked) % 2:
            broken(_)

    guarded.fault = sometimes
    with caplog.at_level(logging.ERROR, "tenure.server"):
        for _ in range(100):
            guarded.ask()
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info
    assert SimpleNamespace(**caplog.records[0].fields).version == guarded.model.bundle.version
