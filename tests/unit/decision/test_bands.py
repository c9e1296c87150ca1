"""tenure/decision/bands.py: bands that follow from the thresholds, and those of a contract that do not."""

import numpy as np
import pytest

from tenure.contract.settings import Decision
from tenure.decision.bands import divided_bands, probability_bands, value_bands
from tenure.decision.profit import NOBODY

PROBABILITY = np.linspace(0.0, 1.0, 1_001)


def band_of(bands: dict[str, float], score: np.ndarray) -> np.ndarray:
    names, starts = list(bands), list(bands.values())
    return np.array(names)[np.maximum(np.searchsorted(starts, score, side="right") - 1, 0)]


@pytest.mark.parametrize("threshold", [0.0, 0.04, 0.08, 0.3, 0.5, 0.999, 1.0])
def test_a_band_of_one_threshold_is_contacted_or_left_alone(threshold: float) -> None:
    bands = probability_bands(Decision(), [threshold], PROBABILITY)
    assert next(iter(bands.values())) == 0.0 and list(bands.values()) == sorted(set(bands.values()))
    band, contacted = band_of(bands, PROBABILITY), threshold <= PROBABILITY
    assert not set(band[contacted]) & set(band[~contacted])
    assert "low" not in band[contacted] and "high" in band[contacted]
    assert divided_bands(band.tolist(), contacted) == []


def test_the_riskier_half_of_the_contacted_is_high() -> None:
    bands = probability_bands(Decision(), [0.08], PROBABILITY)
    assert bands == {"low": 0.0, "medium": 0.08, "high": pytest.approx(0.54)}


@pytest.mark.parametrize("thresholds", [[0.4, 0.1], [0.1, 0.4, 0.25], [0.2, NOBODY]])
def test_of_several_thresholds_low_is_left_alone_and_high_is_contacted(thresholds: list[float]) -> None:
    bands = probability_bands(Decision(), thresholds, PROBABILITY)
    band = band_of(bands, PROBABILITY)
    for threshold in thresholds:
        contacted = threshold <= PROBABILITY
        assert "low" not in band[contacted] and "high" not in band[~contacted]
    assert band[0] == "low"


def test_where_nobody_is_contacted_everybody_is_low() -> None:
    assert probability_bands(Decision(), [NOBODY], PROBABILITY) == {"low": 0.0}


def test_equal_probabilities_leave_fewer_bands() -> None:
    assert probability_bands(Decision(), [0.3], np.full(10, 0.3)) == {"low": 0.0, "high": 0.3}


def test_bands_of_the_contract_are_kept_even_if_they_are_the_defaults() -> None:
    said = {"low": 0.0, "medium": 0.3, "high": 0.6}
    assert Decision().bands == said
    assert probability_bands(Decision(bands=said), [0.08], PROBABILITY) == said


@pytest.mark.parametrize(("threshold", "divided"), [(0.08, ["low"]), (0.0, []), (0.6, []), (0.7, ["high"]), (2.0, [])])
def test_bands_that_are_contacted_in_part_are_named(threshold: float, divided: list[str]) -> None:
    band = band_of({"low": 0.0, "medium": 0.3, "high": 0.6}, PROBABILITY).tolist()
    assert divided_bands(band, threshold <= PROBABILITY) == divided


def test_bands_of_values() -> None:
    value = np.linspace(10.0, 109.0, 100)
    left = Decision(bands={})
    assert value_bands(left, 100.0, value) == {"low": 10.0, "medium": pytest.approx(54.5), "high": 100.0}
    assert value_bands(left, 10.0, value) == {"medium": 10.0, "high": pytest.approx(59.5)}
    assert value_bands(left, 500.0, value) == {"low": 10.0, "medium": pytest.approx(59.5), "high": 500.0}
    assert value_bands(Decision(bands={"few": 0.0, "many": 50.0}), 20.0, value) == {"few": 0.0, "many": 50.0}
