"""A bundle's companion: predictions, file format, and invalid files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import accompanied, variant

from tenure import bundle
from tenure.bundle import Companion
from tenure.bundle.files import read_files, write_files
from tenure.bundle.manifest import COMPANION
from tenure.errors import BundleError, InputError
from tenure.tasks.churn.prediction import ChurnPrediction
from tenure.tasks.value.prediction import ValuePrediction


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    accompanied(small_bundle.folder, tmp_path / "accompanied")
    return tmp_path / "accompanied"


def columns_of(made: Any, count: int = 20) -> dict[str, list]:
    return {name: made.rows[name].to_pylist()[:count] for name in made.rows.column_names}


def test_it_is_read_back_to_the_last_bit(folder: Path) -> None:
    companion = bundle.read(folder).companion
    assert companion is not None
    again = Companion.from_json(companion.to_json(), features=companion.terms.width, link="logit")
    assert again.to_json() == companion.to_json() == (folder / COMPANION).read_text()
    np.testing.assert_array_equal(again.terms.weights, companion.terms.weights)


def test_it_predicts_with_its_own_calibration_and_the_bundles_thresholds(folder: Path, small_bundle: Any) -> None:
    loaded, columns = bundle.read(folder), columns_of(small_bundle)
    companion, main = loaded.companion, loaded.predict(columns)
    assert companion is not None and companion.calibration is not None
    found = loaded.predict_by_companion(columns)
    assert isinstance(found, ChurnPrediction)
    matrix = loaded.transform.encode(columns).matrix.astype(np.float64)
    margin = matrix @ companion.terms.weights + companion.terms.intercept
    np.testing.assert_allclose(found.margin, margin)
    np.testing.assert_allclose(found.probability, 1.0 / (1.0 + np.exp(-(0.9 * margin - 0.1))))
    assert (found.decision == (found.probability >= loaded.decision.threshold)).all()
    assert found.band == loaded.decision.band(found.probability)
    assert (found.version, found.reasons, found.imputed.keys()) == (loaded.version, [], main.imputed.keys())
    np.testing.assert_array_equal(main.margin, bundle.read(small_bundle.folder).predict(columns).margin)


def test_a_regressions_has_an_interval_of_its_own(small_value_bundle: Any, tmp_path: Path) -> None:
    companion = accompanied(small_value_bundle.folder, tmp_path / "accompanied")
    loaded, columns = bundle.read(tmp_path / "accompanied"), columns_of(small_value_bundle)
    found = loaded.predict_by_companion(columns)
    assert isinstance(found, ValuePrediction)
    matrix = loaded.transform.encode(columns).matrix.astype(np.float64)
    np.testing.assert_allclose(found.margin, matrix @ companion.terms.weights + companion.terms.intercept)
    np.testing.assert_array_equal(found.value, loaded.decision.value(found.margin))
    np.testing.assert_array_equal(found.high, loaded.decision.value(found.value + 7.5))


def test_an_invalid_threshold_is_refused(folder: Path, small_bundle: Any) -> None:
    with pytest.raises(InputError, match="threshold is nan"):
        bundle.read(folder).predict_by_companion(columns_of(small_bundle), threshold=float("nan"))


def test_a_bundle_of_format_1_has_no_companion(small_bundle: Any, tmp_path: Path) -> None:
    manifest, contents = read_files(small_bundle.folder)
    assert manifest.format == 3
    write_files(tmp_path / "old", manifest.model_copy(update={"format": 1}), contents)
    old = bundle.read(tmp_path / "old")
    assert (old.manifest.format, old.companion, old.version) == (1, None, manifest.version)
    assert old.predict_by_companion(columns_of(small_bundle)) is None
    assert len(old.predict(columns_of(small_bundle))) == 20


def test_format_1_has_no_room_for_a_companion(folder: Path, tmp_path: Path) -> None:
    manifest, contents = read_files(folder)
    write_files(tmp_path / "old", manifest.model_copy(update={"format": 1}), contents)
    with pytest.raises(BundleError, match=r"names a file that a bundle does not have: 'companion\.json'"):
        bundle.read(tmp_path / "old")


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "24 weights for": lambda document: document.update({name: document[name][:24] for name in ("weights", "means")}),
    "not finite": lambda document: document.update(intercept=float("inf")),
    "the link 'value'": lambda document: document.update(link="value"),
    "an interval too many": lambda document: document.update(half_width={"values": [0.0], "half_widths": [1.0]}),
    "a calibration or": lambda document: document.update(calibration=None),
    "validation_score": lambda document: document.update(validation_score=float("nan")),
    "means": lambda document: document.pop("means"),
    "rising map": lambda document: document["calibration"]["parameters"].update(slope=-1.0),
}


@pytest.mark.parametrize("said", FAULTS)
def test_an_invalid_companion_is_refused_in_one_line(folder: Path, tmp_path: Path, said: str) -> None:
    def spoil(contents: dict[str, bytes]) -> None:
        document = json.loads(contents[COMPANION])
        FAULTS[said](document)
        contents[COMPANION] = json.dumps(document).encode()

    variant(folder, tmp_path / "spoilt", spoil)
    with pytest.raises(BundleError, match=said) as caught:
        bundle.read(tmp_path / "spoilt")
    assert COMPANION in str(caught.value) and "\n" not in str(caught.value)
