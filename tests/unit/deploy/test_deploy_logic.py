"""The deploy step: what it starts, and what becomes of the program's end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from components.deploy import logic
from tenure.errors import BusyError, InputError, SourceError, TenureError, VerdictError

BASE: dict[str, Any] = {"service": "churn", "version": "7", "model": "telco"}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands in for ``python -m serving.rollout``: prints its arguments, then ends as it is told to."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def prepare(status: int = 0, fault: str = "") -> None:
        script = tmp_path / "program"
        script.write_text(
            f"#!{sys.executable}\nimport sys\nprint('asked:', *sys.argv[1:])\n"
            f"sys.stderr.write({fault!r})\nraise SystemExit({status})\n"
        )
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return prepare


def test_the_rollout_is_started_with_what_was_given(program: Any) -> None:
    program()
    answer = logic.run(
        **BASE,
        namespace="prod",
        tracking_uri="http://mlflow:5000",
        artifact_root="s3://m",
        shadow_log="s3://l",
        wait=True,
        who="a b",
    )
    assert answer == {
        "deployed": True,
        "version": "7",
        "service": "churn",
        "outcome": "asked: -m serving.rollout start churn --version 7 --model telco --namespace prod "
        "--mlflow http://mlflow:5000 --artifact-root s3://m --shadow s3://l --who a b --wait",
    }


def test_what_is_empty_is_left_to_the_rollout(program: Any) -> None:
    program()
    assert logic.run(**BASE)["outcome"] == "asked: -m serving.rollout start churn --version 7 --model telco"


def test_no_version_deploys_nothing(program: Any) -> None:
    program(status=1)
    assert logic.run(service="churn", version="", model="telco")["deployed"] is False


@pytest.mark.parametrize(
    ("status", "error"), [(2, InputError), (3, SourceError), (4, BusyError), (7, VerdictError), (1, TenureError)]
)
def test_the_programs_error_is_the_steps(program: Any, status: int, error: type[TenureError]) -> None:
    program(status, "some warning\nerror: no InferenceService churn in namespace prod\n")
    with pytest.raises(error) as raised:
        logic.run(**BASE)
    assert type(raised.value) is error
    assert str(raised.value) == "no InferenceService churn in namespace prod"


def test_the_real_program_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(InputError, match="where does the bundle lie"):
        logic.run(**BASE)
    with pytest.raises(SourceError, match=r"MLflow at http://127\.0\.0\.1:9 does not answer"):
        logic.run(**BASE, tracking_uri="http://127.0.0.1:9")


def test_the_component_compiles(tmp_path: Path) -> None:
    compiler = pytest.importorskip("kfp.compiler")
    from components.deploy.component import deploy

    compiler.Compiler().compile(deploy, str(tmp_path / "deploy.yaml"))
    text = (tmp_path / "deploy.yaml").read_text()
    assert "components.deploy.logic" in text and "pip install" not in text
