"""What `make deploy` asks the registry, answered by a real one on SQLite."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from manifests import K8S


def test_the_champion_is_named_by_version_not_by_alias(
    empty_mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    from tenure.tracking.packaging import BUNDLE_PATH

    spec = importlib.util.spec_from_file_location("champion", K8S / "scripts" / "champion.py")
    champion = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(champion)
    uri = f"sqlite:///{shutil.copy(empty_mlflow_database, tmp_path)}"
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", uri)
    client = MlflowClient(uri, uri)
    assert champion.main("") == ""
    for name in ("churn", "other"):
        client.create_registered_model(name)
        client.create_model_version(name, f"s3://models/{name}/model-1/")
    assert champion.main("") == ""
    client.set_registered_model_alias("churn", "champion", "1")
    assert champion.main("") == f"s3://models/churn/model-1/{BUNDLE_PATH}"
    client.set_registered_model_alias("other", "champion", "1")
    with pytest.raises(SystemExit, match="several models have a champion: churn, other"):
        champion.main("")
    assert champion.main("other") == f"s3://models/other/model-1/{BUNDLE_PATH}"
