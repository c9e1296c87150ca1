"""Segments with a calibration of their own: every way of predicting gives the same probabilities."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import accompanied, variant
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure import bundle
from tenure.bundle import Bundle
from tenure.decision import Segment
from tenure.decision.calibration import log_odds, sigmoid
from tenure.errors import BundleError

SEGMENTS = (
    Segment("Two year", "Contract", ("Two year",), None, 0.02, shift=0.7),
    Segment("One year", "Contract", ("One year",), None, 0.3, shift=-0.4),
)
SHIFTS = {"Two year": 0.7, "One year": -0.4}


@pytest.fixture(scope="module")
def loaded(small_bundle: Any) -> Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture(scope="module")
def shifted(loaded: Bundle) -> Bundle:
    return replace(loaded, decision=replace(loaded.decision, segments=SEGMENTS))


@pytest.fixture(scope="module")
def columns(small_bundle: Any) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:100] for name in small_bundle.rows.column_names}


def test_the_log_odds_of_a_segment_are_shifted(loaded: Bundle, shifted: Bundle, columns: dict) -> None:
    common, own = loaded.predict(columns), shifted.predict(columns)
    shift = np.array([SHIFTS.get(name, 0.0) for name in columns["Contract"]])
    assert len(np.unique(shift)) == 3
    moved = shift != 0.0
    assert own.probability[moved] == pytest.approx(sigmoid(log_odds(common.probability[moved]) + shift[moved]))
    assert (own.probability[~moved] == common.probability[~moved]).all()
    assert own.margin.tolist() == common.margin.tolist()
    limits = np.select([shift > 0.0, shift < 0.0], [0.02, 0.3], loaded.decision.threshold)
    assert own.decision.tolist() == (own.probability >= limits).tolist()
    assert own.band == shifted.decision.band(own.probability)


@settings(max_examples=examples(60), deadline=None)
@given(
    contract=st.sampled_from(["Month-to-month", "One year", "Two year", "Never met", "", " One year "]),
    as_bytes=st.booleans(),
    row=st.integers(0, 99),
    threshold=st.none() | st.floats(0.0, 1.0),
)
def test_one_row_is_predicted_as_rows_are(
    shifted: Bundle, columns: dict, contract: str, as_bytes: bool, row: int, threshold: float | None
) -> None:
    one = {name: values[row : row + 1] for name, values in columns.items()} | {"Contract": [contract]}
    if as_bytes:
        one = {name: [str(values[0]).encode()] for name, values in one.items()}
    try:
        alone = shifted.predict(one, threshold=threshold)
    except ValueError as error:
        with pytest.raises(type(error)):
            shifted.predict({name: values * 3 for name, values in one.items()}, threshold=threshold)
        return
    together = shifted.predict({name: values * 3 for name, values in one.items()}, threshold=threshold)
    (each,) = shifted.predict_each([one])
    companions = shifted.predict_each([one, one])
    for found in (together, each, *companions):
        assert not isinstance(found, Exception)
        assert found.probability[0] == pytest.approx(alone.probability[0], abs=1e-12)
        assert found.band[0] == alone.band[0]
    assert together.decision[0] == alone.decision[0]


def test_a_bundle_keeps_its_shifts(small_bundle: Any, tmp_path: Path, shifted: Bundle, columns: dict) -> None:
    def change(contents: dict[str, bytes]) -> None:
        contents["decision.json"] = shifted.decision.to_json().encode()

    variant(small_bundle.folder, tmp_path / "shifted", change)
    assert bundle.read(tmp_path / "shifted").predict(columns).score.tolist() == shifted.predict(columns).score.tolist()

    def spoil(contents: dict[str, bytes]) -> None:
        document = json.loads(shifted.decision.to_json())
        document["segments"][1]["shift"] = 1e9
        contents["decision.json"] = json.dumps(document).encode()

    variant(small_bundle.folder, tmp_path / "spoiled", spoil)
    with pytest.raises(BundleError, match="One year"):
        bundle.read(tmp_path / "spoiled")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column": "nothing"}, "the contract has no feature 'nothing'"),
        ({"column": "customerID"}, "the contract has no feature 'customerID'"),
        ({"column": "MonthlyCharges"}, "'MonthlyCharges' is a number"),
        ({"column": "PaperlessBilling"}, "'PaperlessBilling' is a boolean"),
        ({"values": [1.0]}, "'Contract' is a text"),
        ({"values": None, "at_least": 1.0}, "'Contract' is a text"),
    ],
)
def test_a_segment_of_another_contract_is_refused(
    small_bundle: Any, tmp_path: Path, shifted: Bundle, change: dict[str, Any], said: str
) -> None:
    def spoil(contents: dict[str, bytes]) -> None:
        document = json.loads(shifted.decision.to_json())
        document["segments"][1] |= change
        contents["decision.json"] = json.dumps(document).encode()

    variant(small_bundle.folder, tmp_path / "spoiled", spoil)
    with pytest.raises(BundleError, match=f"segment 'One year': {said}"):
        bundle.read(tmp_path / "spoiled")


def test_a_companion_is_calibrated_by_itself(small_bundle: Any, tmp_path: Path, columns: dict) -> None:
    accompanied(small_bundle.folder, tmp_path / "with")
    whole = bundle.read(tmp_path / "with")
    own = replace(whole, decision=replace(whole.decision, segments=SEGMENTS))
    common, found = whole.predict_by_companion(columns), own.predict_by_companion(columns)
    assert common is not None
    assert found is not None
    assert found.score.tolist() == common.score.tolist()
