"""The champion step: none, one, and one whose files must not be loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from signed_bundles import sign_folder

from components.champion.logic import run
from tenure import bundle as bundles
from tenure.contract import dump
from tenure.errors import ContractError, InputError, SourceError
from tenure.signing import TRUST_VARIABLE, SigningKey
from tenure.tracking import Registry


@pytest.fixture
def contract(small_bundle: Any) -> str:
    return dump(bundles.read(small_bundle.folder).contract)


def stored_bundle(registry: Registry) -> Path:
    return next(path.parent for path in registry.location.artifact_root.rglob("manifest.json"))


def test_a_fresh_home_has_no_champion_and_does_not_start_mlflow(
    contract: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("TENURE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tenure.tracking.registry.connect", lambda location: pytest.fail("MLflow was started"))
    found = run(contract=contract, champion=tmp_path / "champion")
    nothing = dict.fromkeys(("version", "bundle_version", "data_hash", "contract_hash", "unreadable"))
    assert found == {"name": "telco", **nothing}
    assert json.loads((tmp_path / "champion" / "champion.json").read_text()) == found
    assert not (tmp_path / "home").exists()


def test_the_champion_comes_with_its_bundle(crowned: Registry, contract: str, tmp_path: Path) -> None:
    found = run(contract=contract, champion=tmp_path / "champion")
    assert (found["version"], found["unreadable"]) == ("1", None)
    assert (found["data_hash"], found["contract_hash"]) == ("d", "c")
    assert bundles.read(tmp_path / "champion" / "bundle").version == found["bundle_version"]
    assert run(contract=contract, champion=tmp_path / "champion") == found


def test_another_model_has_another_champion(crowned: Registry, contract: str, tmp_path: Path) -> None:
    other = contract.replace("name: telco", "name: broadband")
    assert run(contract=other, champion=tmp_path / "champion")["version"] is None


def test_a_changed_file_is_said_and_not_handed_on(crowned: Registry, contract: str, tmp_path: Path) -> None:
    model = stored_bundle(crowned) / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    found = run(contract=contract, champion=tmp_path / "champion")
    assert found["version"] == "1"
    assert "model.onnx" in found["unreadable"]
    assert not (tmp_path / "champion" / "bundle").exists()


def test_files_that_are_gone_are_said(crowned: Registry, contract: str, tmp_path: Path) -> None:
    shutil.rmtree(stored_bundle(crowned))
    found = run(contract=contract, champion=tmp_path / "champion")
    assert "cannot be read" in found["unreadable"]


def test_another_bundle_in_its_place_is_said(crowned: Registry, contract: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    MlflowClient(crowned.location.uri).set_model_version_tag("telco", "1", "tenure.bundle_version", "0123456789ab")
    found = run(contract=contract, champion=tmp_path / "champion")
    assert "is bundle 0123456789ab, its files are" in found["unreadable"]


def test_a_registry_that_is_down_stops_the_run(contract: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.tracking.location.time.sleep", lambda seconds: None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    with pytest.raises(SourceError, match="cannot be reached"):
        run(contract=contract, champion=tmp_path / "champion")
    assert not (tmp_path / "champion" / "champion.json").exists()


def test_a_broken_contract_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        run(contract="name: 1", champion=tmp_path / "champion")


def test_a_champion_that_no_trusted_key_signed_is_not_handed_on(
    crowned: Registry, contract: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SigningKey.generate()
    monkeypatch.setenv(TRUST_VARIABLE, key.public_pem().decode())
    found = run(contract=contract, champion=tmp_path / "champion")
    assert "it is not signed" in found["unreadable"]
    assert not (tmp_path / "champion" / "bundle").exists()
    sign_folder(stored_bundle(crowned), key)
    assert run(contract=contract, champion=tmp_path / "champion")["unreadable"] is None
    monkeypatch.setenv(TRUST_VARIABLE, "")
    with pytest.raises(InputError, match="TENURE_TRUST is empty"):
        run(contract=contract, champion=tmp_path / "champion")
