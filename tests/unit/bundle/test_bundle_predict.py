"""Prediction from a bundle, and what its version depends on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenure import bundle
from tenure.bundle import Bundle
from tenure.contract.settings import Source
from tenure.decision import Segment
from tenure.errors import DataError, InputError
from tenure.training.export import ExportedModel


@pytest.fixture(scope="module")
def loaded(small_bundle: Any) -> Bundle:
    return bundle.read(small_bundle.folder)


@pytest.fixture(scope="module")
def columns(small_bundle: Any) -> dict[str, list]:
    return {name: small_bundle.rows[name].to_pylist()[:200] for name in small_bundle.rows.column_names}


def test_a_prediction_has_every_part(loaded: Bundle, columns: dict) -> None:
    prediction = loaded.predict(columns)
    assert len(prediction) == 200
    assert prediction.version == loaded.version
    assert ((prediction.probability > 0) & (prediction.probability < 1)).all()
    assert (prediction.decision == (prediction.probability >= loaded.decision.threshold)).all()
    assert set(prediction.band) <= set(loaded.contract.decision.bands)
    for band, words in zip(prediction.band, prediction.recommendation, strict=True):
        assert words == loaded.contract.decision.recommendations.get(band, "")
    assert prediction.reasons == []


def test_rows_alone_get_what_they_get_together(loaded: Bundle, columns: dict) -> None:
    together = loaded.predict(columns, explain=4)
    for row in (0, 7, 199):
        alone = loaded.predict({name: values[row : row + 1] for name, values in columns.items()}, explain=4)
        assert alone.probability[0] == pytest.approx(together.probability[row], abs=1e-12)
        assert alone.reasons[0] == together.reasons[row]


def test_reasons_add_up_to_the_margin(loaded: Bundle, columns: dict) -> None:
    prediction = loaded.predict(columns, explain=1000)
    sums = np.array([sum(reason.contribution for reason in row) for row in prediction.reasons])
    assert np.abs(sums + loaded.explainer.expected - prediction.margin).max() < 1e-4


def test_segments_are_found_by_raw_columns_of_any_form(loaded: Bundle, columns: dict) -> None:
    rare = Segment("rare", "Contract", ("Two year",), None, 0.0)
    dear = Segment("dear", "MonthlyCharges", None, 90.0, 0.0)
    cut = replace(loaded, decision=replace(loaded.decision, threshold=2.0, segments=(rare, dear)))
    expected = [
        contract == "Two year" or float(charges) >= 90.0
        for contract, charges in zip(columns["Contract"], columns["MonthlyCharges"], strict=True)
    ]
    assert 0 < sum(expected) < 200
    assert cut.predict(columns).decision.tolist() == expected
    as_bytes = {name: [str(value).encode() for value in values] for name, values in columns.items()}
    assert cut.predict(as_bytes).decision.tolist() == expected
    alone = [cut.predict({name: values[row : row + 1] for name, values in columns.items()}) for row in range(20)]
    assert [bool(one.decision[0]) for one in alone] == expected[:20]
    assert cut.predict(columns, threshold=0.0).decision.all()


def test_the_threshold_of_a_request(loaded: Bundle, columns: dict) -> None:
    assert loaded.predict(columns, threshold=0.0).decision.all()
    assert not loaded.predict(columns, threshold=1.0).decision.any()
    for threshold in (-0.1, 1.1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="threshold is"):
            loaded.predict(columns, threshold=threshold)
    with pytest.raises(InputError, match="explain is -1"):
        loaded.predict(columns, explain=-1)


def test_flags_name_columns_and_rows(loaded: Bundle, columns: dict) -> None:
    changed = {name: list(values[:3]) for name, values in columns.items()}
    changed["TotalCharges"][0] = " "
    changed["PaymentMethod"][1] = "Cowrie shells"
    changed["MonthlyCharges"][2] = "501"
    prediction = loaded.predict(changed)
    assert prediction.imputed["TotalCharges"].tolist() == [True, False, False]
    assert prediction.unknown["PaymentMethod"].tolist() == [False, True, False]
    assert prediction.out_of_range["MonthlyCharges"].tolist() == [False, False, True]


def test_a_missing_column_is_named(loaded: Bundle, columns: dict) -> None:
    with pytest.raises(DataError, match="Contract"):
        loaded.predict({name: values for name, values in columns.items() if name != "Contract"})


def test_no_rows(loaded: Bundle, columns: dict) -> None:
    prediction = loaded.predict({name: [] for name in columns}, explain=3)
    assert (len(prediction), prediction.band, prediction.reasons) == (0, [], [])


def rewritten(loaded: Bundle, folder: Path, small_bundle: Any, **changes: Any) -> str:
    onnx = (small_bundle.folder / "model.onnx").read_bytes()
    parts: dict[str, Any] = {
        "contract": loaded.contract,
        "transform": loaded.transform,
        "model": ExportedModel(onnx, loaded.terms),
        "decision": loaded.decision,
        "profile": loaded.profile,
        "family": "xgboost",
        "data_hash": "0" * 64,
        "created_at": "2026-01-01T00:00:00Z",
    }
    return bundle.write(folder, **(parts | changes)).version


def test_the_version_is_that_of_the_content(loaded: Bundle, small_bundle: Any, tmp_path: Path) -> None:
    assert rewritten(loaded, tmp_path / "later", small_bundle, created_at="2027-01-01T00:00:00Z") == loaded.version
    elsewhere = loaded.contract.model_copy(update={"source": Source(uri="/somewhere/else.csv")})
    assert rewritten(loaded, tmp_path / "elsewhere", small_bundle, contract=elsewhere) == loaded.version
    assert "somewhere" not in (tmp_path / "elsewhere" / "contract.yaml").read_text()
    assert rewritten(loaded, tmp_path / "other", small_bundle, profile={"rows": 1}) != loaded.version


def test_reading_needs_no_training_library() -> None:
    unwanted = ("pandas", "sklearn", "xgboost", "onnx", "optuna", "mlflow", "kserve", "scipy", "fsspec", "sqlalchemy")
    code = f"import sys, tenure.bundle; print([name for name in {unwanted} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
