"""Probabilities within times: against formulas in plain Python, monotone, the main one at the horizon."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import timed, variant
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from video_service import Video, video

from tenure import bundle
from tenure.bundle.additions import FILE_NAMES
from tenure.bundle.additions.kinds.horizons import Horizons
from tenure.contract import Contract, parse
from tenure.errors import BundleError
from tenure.transform import Encoded

__all__ = ["video"]

FILE = "horizons.json"
TABLE = """
version: 2
name: shop
zone: UTC
tables:
  customers: {kind: entity, columns: {customer: {type: string, role: key}, age: {type: number}}}
  orders: {kind: events, columns: {who: {type: string, role: key}, at: {type: timestamp, role: time}}}
label: LABEL
cuts: [2026-03-01]
"""
EVENT = "{kind: event, table: orders, horizon: 30 days, gap: 7 days, times: [5 days, 15 days]}"
SILENCE = EVENT.replace("kind: event", "kind: no_event")

NUMBERS = st.floats(-3, 3, width=32)
PROBABILITIES = st.floats(0.0, 1.0) | st.sampled_from([0.0, 1e-300, 1e-12, 1.0 - 1e-16, 1.0])


def contract(label: str) -> Contract:
    return parse(TABLE.replace("LABEL", label))


def horizons(label: str, weights: Any = ((0.5, 0.0), (-1.0, 0.25), (0.0, 2.0)), scale: float = 1.0) -> Horizons:
    found = contract(label).assembly
    assert found is not None
    return Horizons(
        found.label,
        np.array([0.3, -0.2, 0.1]) * scale,
        np.array([0.2, 0.0, -0.1]) * scale,
        np.array([1.0, 2.0]),
        np.array([2.0, 0.5]),
        np.array(weights, dtype=np.float64).reshape(-1, 2) * scale,
    )


def values(made: Horizons, matrix: Any, scores: Any) -> dict[str, np.ndarray]:
    encoded = Encoded.__new__(Encoded)
    object.__setattr__(encoded, "matrix", np.asarray(matrix, dtype=np.float32))
    return {name: np.asarray(found) for name, found in made.values(encoded, np.asarray(scores, dtype=float)).items()}


def by_hand(made: Horizons, row: tuple[float, float], p: float) -> list[float]:
    """The probabilities within 5 and 15 of 30 days, with the contract's hazards in plain Python."""
    survival, reached = 1.0, []
    for part, share in enumerate((5 / 30, 10 / 30, 15 / 30)):
        constant = 1.0 - (1.0 - p) ** share
        log_odds = math.log(constant / (1.0 - constant))
        log_odds += made.intercepts[part] + made.slopes[part] * math.log(p / (1.0 - p))
        for place, value in enumerate(row):
            deviation = (value - made.means[place]) / made.scales[place]
            log_odds += made.weights[part, place] * max(-5.0, min(5.0, deviation))
        survival *= 1.0 / (1.0 + math.exp(log_odds))
        reached.append(1.0 - survival)
    return [p * each / reached[-1] for each in reached[:2]]


@given(row=st.tuples(st.floats(-30, 30, width=32), NUMBERS), p=st.floats(0.001, 0.999))
@settings(max_examples=examples(100), deadline=None)
def test_the_probabilities_are_those_of_the_formula(row: tuple[float, float], p: float) -> None:
    made = horizons(EVENT)
    found = values(made, [row], [p])
    assert list(found) == ["probability_within_5d", "probability_within_15d"]
    assert [each.item() for each in found.values()] == pytest.approx(by_hand(made, row, p), rel=1e-9)


def test_without_parameters_the_rate_is_the_same_over_the_horizon() -> None:
    p = np.array([0.02, 0.3, 0.9])
    found = values(horizons(EVENT, weights=(), scale=0.0), np.zeros((3, 2)), p)
    for days, each in zip((5, 15), found.values(), strict=True):
        np.testing.assert_allclose(each, 1.0 - (1.0 - p) ** (days / 30), rtol=1e-12)


@given(rows=st.lists(st.tuples(st.tuples(NUMBERS, NUMBERS), PROBABILITIES), min_size=1, max_size=20))
@settings(max_examples=examples(200), deadline=None)
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e29])
def test_they_ascend_up_to_the_main_probability_which_is_that_of_the_horizon(scale: float, rows: list[Any]) -> None:
    matrix, scores = [row for row, _ in rows], np.array([p for _, p in rows])
    made = horizons(EVENT.replace("15 days]", "15 days, 30 days]"), scale=scale)
    first, second, horizon = values(made, matrix, scores).values()
    assert (first >= 0.0).all() and (first <= second).all() and (second <= scores).all()
    np.testing.assert_array_equal(horizon, scores)


@given(rows=st.lists(st.tuples(st.tuples(NUMBERS, NUMBERS), PROBABILITIES), min_size=1, max_size=20))
@settings(max_examples=examples(100), deadline=None)
def test_silence_falls_down_to_the_main_probability(rows: list[Any]) -> None:
    matrix, scores = [row for row, _ in rows], np.array([p for _, p in rows])
    made = horizons(SILENCE.replace("15 days]", "15 days, 30 days]"))
    found = values(made, matrix, scores)
    assert list(found) == [f"probability_no_event_within_{days}d" for days in (5, 15, 30)]
    first, second, horizon = found.values()
    assert (first <= 1.0).all() and (first >= second).all() and (second >= scores).all()
    np.testing.assert_array_equal(horizon, scores)
    events = values(horizons(EVENT), matrix, 1.0 - scores)
    np.testing.assert_allclose(1.0 - first, events["probability_within_5d"], atol=1e-12)


def test_a_row_depends_on_itself_alone() -> None:
    made, random = horizons(EVENT), np.random.default_rng(1)
    matrix, scores = random.normal(size=(9_000, 2)), random.random(9_000)
    whole = values(made, matrix, scores)
    for place in (0, 4_095, 4_096, 8_999):
        alone = values(made, matrix[[place]], scores[[place]])
        assert {name: found[place] for name, found in whole.items()} == {name: each[0] for name, each in alone.items()}


def test_a_score_that_is_not_a_number_stays_one() -> None:
    assert all(
        np.isnan(found[0]) and found[1] > 0 for found in values(horizons(EVENT), [[0, 0]] * 2, [np.nan, 0.5]).values()
    )


def test_the_descriptions_say_from_when_on() -> None:
    first, second = horizons(EVENT).columns
    assert first.description == "Probability of the event within 5 days, of the 30 days from 7 days after the cut on"
    assert (second.name, second.datatype) == ("probability_within_15d", "FP64")


@pytest.fixture
def folder(video: Video, tmp_path: Path) -> Path:
    timed(video.folder, tmp_path / "timed")
    return tmp_path / "timed"


def test_a_bundle_predicts_them_where_it_is_asked(folder: Path, video: Video) -> None:
    assert FILE in FILE_NAMES
    loaded = bundle.read(folder)
    (made,) = loaded.additions
    assert json.loads((folder / FILE).read_text()) == made.to_document()
    rows = video.at("2026-03-30")
    columns = {name: rows[name] for name in loaded.contract.inputs}
    assert loaded.predict(columns).added is None
    found = loaded.predict(columns, additions=True)
    assert found.added is not None
    week, fortnight, horizon = (np.asarray(values) for values in found.added.values())
    assert (week < fortnight).all() and (fortnight < horizon).all()
    np.testing.assert_array_equal(horizon, found.score)
    encoded = loaded.transform.encode(columns)
    np.testing.assert_array_equal(week, made.values(encoded, found.score)["probability_within_7d"])


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({name: value})


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "not an object with the keys": lambda document: document.pop("weights"),
    "with the keys intercepts": _set("more", 1),
    "'intercepts' is not a list of 3": _set("intercepts", [0.0]),
    "'intercepts' is not a list of": _set("intercepts", {"0": 0.0}),
    "'slopes': True is not a number": _set("slopes", [True, 0, 0]),
    "'slopes': '1' is not a number": _set("slopes", [0, "1", 0]),
    "'slopes': 1e\\+31 is not a number": _set("slopes", [0, 1e31, 0]),
    "'means' is not a list of": lambda document: document["means"].append(0.0),
    "a scale is not positive": lambda document: document["scales"].__setitem__(0, 0.0),
    "a scale is not": lambda document: document["scales"].__setitem__(0, -1.0),
    "'weights' is not a list of 3 lists, or of none": lambda document: document["weights"].pop(),
    "'weights' is not a list of 3 lists": _set("weights", "none"),
    "'weights' is not a list of": lambda document: document["weights"][1].pop(),
    "'weights': None is not": lambda document: document["weights"][1].__setitem__(0, None),
}


@pytest.mark.parametrize("said", FAULTS)
def test_an_invalid_file_is_refused_in_one_line(folder: Path, tmp_path: Path, said: str) -> None:
    def spoil(contents: dict[str, bytes]) -> None:
        document = json.loads(contents[FILE])
        FAULTS[said](document)
        contents[FILE] = json.dumps(document).encode()

    variant(folder, tmp_path / "spoilt", spoil)
    with pytest.raises(BundleError, match=said) as caught:
        bundle.read(tmp_path / "spoilt")
    assert FILE in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 100_000, "nested too deep"),
        (b'{"means": NaN}', "NaN is not a number of JSON"),
        (b'{"means": [], "means": []}', "key 'means' is repeated"),
        (b"[1e400]", "not an object"),
        (b" " * (Horizons.MAX_BYTES + 1), "bytes, at most"),
    ],
)
def test_a_file_that_is_not_json_is_refused(folder: Path, tmp_path: Path, content: bytes, said: str) -> None:
    variant(folder, tmp_path / "spoilt", lambda contents: contents.update({FILE: content}))
    with pytest.raises(BundleError, match=said):
        bundle.read(tmp_path / "spoilt")


def test_a_contract_without_times_has_no_room_for_them(folder: Path, video: Video, tmp_path: Path) -> None:
    content = (folder / FILE).read_bytes()
    variant(video.folder, tmp_path / "spoilt", lambda contents: contents.update({FILE: content}))
    with pytest.raises(BundleError, match="the contract's label has no 'times'"):
        bundle.read(tmp_path / "spoilt")
