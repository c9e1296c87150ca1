"""MLflow as k8s/base/mlflow runs it: its users come from files, each may do its part, and nobody else anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from manifests import K8S
from mlflow_server import mlflow_server

from rollout.registry import MlflowRegistry
from tenure.bundle import read
from tenure.errors import SourceError
from tenure.tracking import Registry, resolve, to_tags
from tenure.tracking.client import mlflow_errors

pytestmark = pytest.mark.slow

PASSWORDS = {name: f"the password of {name}" for name in ("admin", "pipelines", "rollout", "reader")}
BASE = K8S / "base" / "mlflow"


@dataclass
class Place:
    """The files that MLflow's pod mounts, and its database."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{self.folder / 'mlflow.db'}",
            "MLFLOW_AUTH_CONFIG_PATH": str(self.folder / "settings.ini"),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-for-forms",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def make_users(self, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
        users = self.folder / "users"
        users.mkdir(exist_ok=True)
        for file in users.iterdir():
            file.unlink()
        for name, password in passwords.items():
            (users / name).write_text(password, encoding="utf-8")
        command = (sys.executable, BASE / "prepare.py", users, BASE / "rights.json", self.folder / "settings.ini")
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    def served(self) -> AbstractContextManager[str]:
        options = ("--app-name=basic-auth", "--no-serve-artifacts")
        artifacts = f"--default-artifact-root={self.folder / 'artifacts'}"
        return mlflow_server(*options, artifacts, log=self.folder / "log", environment=self.environment)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("mlflow"))
    result = made.make_users(PASSWORDS)
    assert result.returncode == 0, result.stderr
    assert "MLflow has the users admin, pipelines, reader, rollout" in result.stdout
    return made


@pytest.fixture(scope="module")
def url(place: Place) -> Iterator[str]:
    with place.served() as address:
        yield address


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(user: str | None, password: str | None = None) -> None:
        for variable in ("USERNAME", "PASSWORD", "TOKEN"):
            monkeypatch.delenv(f"MLFLOW_TRACKING_{variable}", raising=False)
        if user is not None:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password or PASSWORDS[user])

    return use


def register(url: str, folder: Path):
    from mlflow import MlflowClient

    bundle = read(folder)
    run = MlflowClient(url, url).create_run("0")
    tags = to_tags(
        bundle_version=bundle.version,
        family="xgboost",
        verdict="bless",
        override="",
        run_id="r1",
        data_hash=bundle.manifest.data_hash,
        contract_hash="c",
        code_version="",
        metrics={},
    )
    registry = Registry("telco", resolve(url))
    return registry.register(folder, bundle.contract, mlflow_run_id=run.info.run_id, tags=tags, example=None)


def test_the_settings_are_their_owner_s_alone(place: Place) -> None:
    assert (place.folder / "settings.ini").stat().st_mode & 0o777 == 0o600


def test_a_pipeline_registers_a_rollout_promotes_and_a_reader_only_reads(
    url: str, become: Callable[..., None], small_bundle
) -> None:
    from mlflow import MlflowClient

    become("pipelines")
    version = register(url, small_bundle.folder)
    become("rollout")
    MlflowRegistry(url).record_promotion("telco", version.version, who="ada", why="better")
    become("reader")
    champion = Registry("telco", resolve(url)).champion()
    assert champion is not None and champion.version == version.version
    with pytest.raises(SourceError, match="user 'reader' lacks the permission") as refused:
        MlflowRegistry(url).record_rollback("telco", "1", why="mine")
    assert "\n" not in str(refused.value)
    with pytest.raises(SourceError, match="user 'reader' lacks the permission"), mlflow_errors(resolve(url)):
        MlflowClient(url, url).set_registered_model_alias("telco", "champion", version.version)
    become("rollout")
    with pytest.raises(SourceError, match="user 'rollout' lacks the permission"), mlflow_errors(resolve(url)):
        MlflowClient(url, url).delete_registered_model("telco")


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [
        ("pipelines", "wrong", "wrong password or unknown user 'pipelines': check MLFLOW_TRACKING_USERNAME"),
        ("nobody", "wrong", "wrong password or unknown user 'nobody'"),
        (None, None, "requires credentials: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
    ],
)
def test_without_the_password_nothing_is_read_and_one_line_says_what_to_do(
    url: str, become: Callable[..., None], user: str | None, password: str | None, message: str
) -> None:
    become(user, password)
    for ask in (
        lambda: Registry("telco", resolve(url)).versions(),
        lambda: MlflowRegistry(url).storage_uri("telco", "1", ""),
    ):
        with pytest.raises(SourceError) as refused:
            ask()
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)


def test_no_address_but_the_health_check_answers_a_stranger(url: str) -> None:
    paths = ["", "api/2.0/mlflow/experiments/search?max_results=1", "ajax-api/2.0/mlflow/users/get?username=admin"]
    paths += ["get-artifact?path=x&run_uuid=y", "model-versions/get-artifact?name=x&version=1&path=y", "graphql"]
    paths += ["api/2.0/mlflow-artifacts/artifacts", "signup", "version", "metrics"]
    for path in paths:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/{path}", timeout=10)
        assert refused.value.code in (401, 404, 405), path
    body = json.dumps({"username": "eve", "password": "a-long-password"}).encode()
    request = urllib.request.Request(f"{url}/api/2.0/mlflow/users/create", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=10)


def test_an_older_schema_is_upgraded(tmp_path: Path) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config, _get_schema_version, create_sqlalchemy_engine_with_retry
    from mlflow.store.tracking.dbmodels.initial_models import Base

    place = Place(tmp_path)
    engine = create_sqlalchemy_engine_with_retry(place.environment["MLFLOW_BACKEND_STORE_URI"])
    Base.metadata.create_all(engine)
    settings = _get_alembic_config(str(engine.url))
    revisions = [each.revision for each in ScriptDirectory.from_config(settings).walk_revisions()]
    command.upgrade(settings, revisions[5])
    assert _get_schema_version(engine) == revisions[5]
    result = place.make_users(PASSWORDS)
    assert result.returncode == 0, result.stderr
    assert _get_schema_version(engine) == revisions[0]


def test_a_changed_secret_changes_passwords_and_revokes_users(place: Place, tmp_path: Path) -> None:
    """The database is prepared already, so its schema stays as it is."""
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
    from mlflow.store.db.utils import _get_schema_version, create_sqlalchemy_engine_with_retry

    shutil.copyfile(place.folder / "mlflow.db", tmp_path / "mlflow.db")
    place = Place(tmp_path)
    engine = create_sqlalchemy_engine_with_retry(place.environment["MLFLOW_BACKEND_STORE_URI"])
    before = _get_schema_version(engine)
    result = place.make_users({"admin": PASSWORDS["admin"], "pipelines": "another password", "acme": "a new password"})
    assert result.returncode == 0, result.stderr
    assert _get_schema_version(engine) == before
    store = SqlAlchemyStore()
    store.init_db(place.environment["MLFLOW_BACKEND_STORE_URI"])
    assert {user.username for user in store.list_users()} == {"admin", "pipelines", "acme"}
    assert store.authenticate_user("pipelines", "another password")
    assert not store.authenticate_user("pipelines", PASSWORDS["pipelines"])


@pytest.mark.parametrize(
    ("passwords", "message"),
    [
        ({"pipelines": PASSWORDS["pipelines"]}, "has no key admin"),
        ({**PASSWORDS, "rollout": ""}, "the password of MLflow's user rollout has fewer than 12 characters"),
    ],
)
def test_a_secret_that_would_leave_mlflow_open_stops_it(
    tmp_path: Path, passwords: dict[str, str], message: str
) -> None:
    result = Place(tmp_path).make_users(passwords)
    assert result.returncode == 1
    assert message in result.stderr
    assert not (tmp_path / "settings.ini").exists()
