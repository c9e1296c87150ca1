"""The alias moves in a real MLflow server, in the form that tenure.tracking reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_server import mlflow_server

from rollout.registry import MlflowRegistry
from tenure.errors import InputError, SourceError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    stores = (
        f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}",
        f"--artifacts-destination={folder / 'artifacts'}",
    )
    quick = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with mlflow_server(*stores, log=folder / "log", environment=quick) as address:
        yield address


@pytest.fixture
def model(url: str, request: pytest.FixtureRequest) -> str:
    """A registered model with three versions, the first of them champion."""
    from mlflow import MlflowClient

    client = MlflowClient(url, url)
    name = f"churn-{abs(hash(request.node.name)) % 10**6}"
    client.create_registered_model(name)
    run = client.create_run("0")
    for number in range(1, 4):
        client.create_model_version(name, f"{run.info.artifact_uri}/model-{number}", run.info.run_id)
    return name


def test_promotion_moves_the_alias_and_leaves_a_history_that_tenure_reads(url: str, model: str) -> None:
    from mlflow import MlflowClient

    from tenure.tracking.history import champions, moves

    registry = MlflowRegistry(url)
    client = MlflowClient(url, url)
    registry.record_promotion(model, "1", who="ada", why="first")
    registry.record_promotion(model, "2", who="bob", why="better")
    registry.record_promotion(model, "2", who="bob", why="better")
    found = client.get_registered_model(model)
    assert found.aliases["champion"] == "2"
    told = [(move.action, move.who, move.why, move.from_version, move.to_version) for move in moves(found.tags)]
    assert told == [("first", "ada", "first", None, "1"), ("promote", "bob", "better", "1", "2")]
    client.set_registered_model_alias(model, "champion", "1")
    registry.record_promotion(model, "3", who="ada", why="again")
    found = client.get_registered_model(model)
    assert [move.action for move in moves(found.tags)] == ["first", "promote", "found", "promote"]
    assert champions(moves(found.tags)) == ["1", "3"]
    assert client.get_model_version(model, "3").tags["tenure.rollout"] == "promoted by ada: again"


def test_a_rollback_tags_the_version_and_moves_nothing(url: str, model: str) -> None:
    from mlflow import MlflowClient

    registry = MlflowRegistry(url)
    registry.record_promotion(model, "1", who="ada", why="first")
    registry.record_rollback(model, "2", why="canary is worse")
    client = MlflowClient(url, url)
    assert client.get_registered_model(model).aliases["champion"] == "1"
    assert client.get_model_version(model, "2").tags["tenure.rollout"] == "rolled back: canary is worse"


def test_where_a_bundle_lies(url: str, model: str) -> None:
    registry = MlflowRegistry(url)
    uri = registry.storage_uri(model, "2", "s3://bucket/mlflow/")
    assert uri.startswith("s3://bucket/mlflow/") and uri.endswith("/artifacts/model-2/data/bundle")
    with pytest.raises(InputError, match="--artifact-root"):
        registry.storage_uri(model, "2", "")
    with pytest.raises(InputError, match="not found"):
        registry.storage_uri(model, "99", "s3://bucket")
    with pytest.raises(InputError, match="no-such-model"):
        registry.storage_uri("no-such-model", "1", "s3://bucket")


def test_a_registry_that_is_away_or_refuses(url: str) -> None:
    with pytest.raises(SourceError, match="does not answer"):
        MlflowRegistry("http://127.0.0.1:9").record_promotion("churn", "1", who="ada", why="x")
    with pytest.raises(SourceError, match="HTTP 404"):
        MlflowRegistry(f"{url}/elsewhere").record_promotion("churn", "1", who="ada", why="x")


def test_what_the_registry_does_not_have_is_the_asker_s_mistake(url: str, model: str) -> None:
    registry = MlflowRegistry(url)
    with pytest.raises(InputError, match="no-such-model"):
        registry.record_promotion("no-such-model", "1", who="ada", why="x")
    with pytest.raises(InputError, match="99"):
        registry.record_rollback(model, "99", why="x")
    with pytest.raises(InputError, match="integer"):
        registry.record_rollback(model, "38c19222d7da", why="x")


def test_nothing_of_this_needs_mlflow(tmp_path: Path) -> None:
    """The rollout's image has neither MLflow nor the server's libraries."""
    heavy = ["mlflow", "kserve", "pyarrow", "numpy", "onnxruntime", "pydantic", "pandas"]
    code = f"import sys, rollout.cli; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
