"""The three images, built for real and run as a cluster runs them: read-only, not root, without a network.

Needs a container engine and a base image with Python 3.11 (a registry that is reachable, or one made by debootstrap):

    TENURE_BASE_IMAGE=python:3.11-slim-bookworm@sha256:… pytest tests/integration/test_images.py

TENURE_ENGINE        docker or podman (default: the first that works)
TENURE_ENGINE_FLAGS  flags for running containers, for example --runtime=runc
TENURE_IMAGE_TAG     IMAGE_TAG of images that are built already (localhost/tenure-<role>:<tag>)
BUILD_FLAGS          flags for building, as images/build.sh takes them
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
BUDGET_MB = {"server": 350, "pipeline": 1_200, "rollout": 150}
"""What an image may weigh over its base."""

pytestmark = pytest.mark.slow


class Engine:
    """A container engine's command line."""

    def __init__(self, program: str, base: str) -> None:
        self.program, self.base = program, base
        self.flags = os.environ.get("TENURE_ENGINE_FLAGS", "").split()

    def __call__(self, *arguments: str, timeout_s: float = 120, check: bool = True, text: str | None = None) -> str:
        result = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False, input=text
        )
        assert result.returncode == 0 or not check, f"{' '.join(arguments[:3])}: {result.stderr[-2000:]}"
        return result.stdout

    def confined(self, *arguments: str) -> list[str]:
        """``run`` with what a restricted pod gets: nothing but a small writable /tmp."""
        rules = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
        return ["run", *self.flags, *rules, "--tmpfs=/tmp:rw,size=256m,mode=1777", "--no-healthcheck", *arguments]

    def inspect(self, image: str) -> dict[str, Any]:
        return json.loads(self("inspect", "--type=image", image))[0]


@pytest.fixture(scope="session")
def engine() -> Engine:
    base = os.environ.get("TENURE_BASE_IMAGE")
    if not base:
        pytest.skip("TENURE_BASE_IMAGE names no base image to build on")
    wanted = os.environ.get("TENURE_ENGINE")
    for program in [wanted] if wanted else ["docker", "podman"]:
        if shutil.which(program) is None:
            continue
        if subprocess.run([program, "info"], capture_output=True, timeout=60, check=False).returncode == 0:
            return Engine(program, base)
    pytest.skip(f"no container engine works ({wanted or 'docker, podman'})")


@pytest.fixture(scope="session")
def images(engine: Engine) -> dict[str, str]:
    """Name by role."""
    tag = os.environ.get("TENURE_IMAGE_TAG")
    if not tag:
        tag = f"test-{uuid.uuid4().hex[:12]}"
        environment = {**os.environ, "ENGINE": engine.program, "IMAGE_TAG": tag, "BASE_IMAGE": engine.base}
        built = subprocess.run(
            ["bash", str(ROOT / "images/build.sh")],
            capture_output=True,
            text=True,
            timeout=3600,
            check=False,
            env={**environment, "IMAGE_PREFIX": "localhost"},
        )
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return {role: f"localhost/tenure-{role}:{tag}" for role in BUDGET_MB}


@pytest.mark.parametrize("role", BUDGET_MB)
def test_weight_user_and_labels(engine: Engine, images: dict[str, str], role: str) -> None:
    image, base = engine.inspect(images[role]), engine.inspect(engine.base)
    over_mb = (image["Size"] - base["Size"]) / MB
    print(f"tenure-{role}: {over_mb:.0f} MB over its base, of {BUDGET_MB[role]}")
    assert over_mb <= BUDGET_MB[role]
    config = image["Config"]
    user, _, group = config["User"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == f"tenure-{role}"
    revision = labels["org.opencontainers.image.revision"]
    assert len(revision) == 40
    # Steps keep it with the models they make: which code that was.
    version = next(item.partition("=")[2] for item in config["Env"] if item.startswith("TENURE_REVISION="))
    assert version in (revision, f"{revision}-dirty")
    # Nothing of the build's own environment: addresses and certificates of whoever built it.
    assert not [item for item in config["Env"] if item.startswith(("PIP_", "SSL_", "REQUESTS_"))]


@pytest.mark.parametrize("role", BUDGET_MB)
def test_no_compiler_no_pip_no_cache_no_secret(engine: Engine, images: dict[str, str], role: str) -> None:
    look = (
        "which gcc cc make; ls /opt/venv/bin/pip /opt/installer /tmp/requirements* /run/secrets/* /root/.cache;"
        " find / -xdev \\( -name '*.pem' -path '/run/*' -o -name 'pip.conf' -o -type d -name 'http-v2' \\); true"
    )
    found = engine(*engine.confined("--rm", "--entrypoint=sh", images[role], "-c", f"({look}) 2>/dev/null"))
    assert found.strip() == ""
    uid = engine(*engine.confined("--rm", "--entrypoint=python", images[role], "-c", "import os; print(os.getuid())"))
    assert int(uid) > 0


def test_the_pipeline_puts_models_where_mlflow_says(engine: Engine, images: dict[str, str]) -> None:
    """MLflow on a cluster keeps artifacts in an object store, and has its clients upload them."""
    upload = (
        "from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository as repository;"
        "print(type(repository('s3://tenure-models/mlflow')._get_s3_client()).__name__)"
    )
    where = ("-e", "AWS_ENDPOINT_URL=http://object-store:8333", "-e", "AWS_DEFAULT_REGION=us-east-1")
    keys = ("-e", "AWS_ACCESS_KEY_ID=tenure", "-e", "AWS_SECRET_ACCESS_KEY=secret")
    said = engine(*engine.confined("--rm", "--entrypoint=python", *where, *keys, images["pipeline"], "-c", upload))
    assert said.strip() == "S3"


def test_the_image_has_the_locked_versions(engine: Engine, images: dict[str, str]) -> None:
    listing = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    installed = engine(*engine.confined("--rm", "--entrypoint=python", images["rollout"], "-c", listing))
    lock = (ROOT / "requirements/rollout.txt").read_text(encoding="utf-8")
    locked = dict(line.split(" ")[0].split("==") for line in lock.splitlines() if line[:1].isalpha())
    found = {name.lower().replace("_", "-"): version for name, version in json.loads(installed).items()}
    assert found
    assert {name: locked[name] for name in found} == found


@contextlib.contextmanager
def running(engine: Engine, image: str, *arguments: str, flags: tuple[str, ...] = ()) -> Iterator[str]:
    name = f"tenure-test-{uuid.uuid4().hex[:12]}"
    engine(*engine.confined("--detach", f"--name={name}", *flags, image, *arguments))
    try:
        yield name
    finally:
        engine("rm", "--force", name, check=False)


ASK = """
import json, sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:8080/v2/models/churn/infer", sys.stdin.buffer.read())
request.add_header("Content-Type", "application/json")
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""


def test_the_server_answers_v2(engine: Engine, images: dict[str, str], small_bundle: Any, tmp_path: Path) -> None:
    from tenure import bundle

    rows = 3
    model = bundle.read(small_bundle.folder)
    columns = {name: small_bundle.rows[name].slice(0, rows) for name in model.contract.inputs}
    expected = model.predict(columns).probability
    body = {
        "inputs": [
            {"name": name, "shape": [rows], "datatype": "BYTES", "data": column.to_pylist()}
            for name, column in columns.items()
        ]
    }
    # As in a pod: the model is there, read-only, and belongs to somebody else.
    folder = shutil.copytree(small_bundle.folder, tmp_path / "models")
    for path in [tmp_path, folder, *folder.iterdir()]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    mount = (f"--volume={folder}:/mnt/models:ro",)
    with running(engine, images["server"], "--model", "churn=/mnt/models", flags=mount) as name:
        image = engine.inspect(images["server"])
        healthy = (image.get("Healthcheck") or image["Config"]["Healthcheck"])["Test"]  # podman's place, docker's
        assert healthy[0] == "CMD"
        deadline = time.monotonic() + 60
        while True:
            health = subprocess.run(
                [engine.program, "exec", name, *healthy[1:]], capture_output=True, check=False, timeout=30
            )
            if health.returncode == 0:
                break
            assert time.monotonic() < deadline, engine("logs", name)
            time.sleep(0.5)
        answer = engine("exec", "--interactive", name, "python", "-c", ASK, text=json.dumps(body))
        outputs = {output["name"]: output["data"] for output in json.loads(answer)["outputs"]}
        assert outputs["probability"] == pytest.approx(expected.tolist(), abs=1e-6)
        # SIGTERM is obeyed at once when nothing is under way.
        began = time.monotonic()
        engine("stop", "--time=20", name)
        assert time.monotonic() - began < 15
        assert engine("inspect", "--format={{.State.ExitCode}}", name).strip() == "0"


def test_the_pipeline_image_runs_a_step_as_kubeflow_does(
    engine: Engine, images: dict[str, str], tmp_path: Path
) -> None:
    from components.ingest.component import ingest

    work = tmp_path / "work"
    (work / "out").mkdir(parents=True)
    shutil.copy(ROOT / "datasets/telco/telco_churn.csv", work / "telco_churn.csv")
    contract = (ROOT / "datasets/telco/contract.yaml").read_text(encoding="utf-8")
    contract = contract.replace("telco_churn.csv", "/exchange/telco_churn.csv")
    for path in [tmp_path, work, work / "out"]:
        path.chmod(0o777)
    executor_input = {
        "inputs": {"parameterValues": {"contract": contract, "fingerprint": "test"}},
        "outputs": {
            "outputFile": "/exchange/out/executor.json",
            "artifacts": {
                "raw": {
                    "artifacts": [
                        {
                            "name": "raw",
                            "uri": "/exchange/out/raw",
                            "type": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"},
                            "metadata": {},
                        }
                    ]
                }
            },
        },
    }
    container = ingest.component_spec.implementation.container
    command = [*container.command, "--executor_input", json.dumps(executor_input), "--function_to_execute", "ingest"]
    said = engine(*engine.confined("--rm", f"--volume={work}:/exchange", images["pipeline"], *command))
    assert "[ingest] done" in said
    record = json.loads((work / "out/raw/ingest.json").read_text(encoding="utf-8"))
    assert record["rows_accepted"] == 7043
    assert (work / "out/executor.json").is_file()


def test_the_pipeline_image_can_start_the_model_server(engine: Engine, images: dict[str, str]) -> None:
    """check_serving does, on the candidate's bundle."""
    shown = engine(*engine.confined("--rm", images["pipeline"], "python", "-m", "serving", "--help"))
    assert "--model NAME=FOLDER" in shown


def test_only_the_rollout_s_image_has_the_rollout(engine: Engine, images: dict[str, str]) -> None:
    look = "import importlib.util; print(importlib.util.find_spec('rollout') is not None)"
    found = {
        role: engine(*engine.confined("--rm", "--entrypoint=python", image, "-c", look)).strip()
        for role, image in images.items()
    }
    assert found == {"server": "False", "pipeline": "False", "rollout": "True"}


def test_the_rollout_prints_its_plan(engine: Engine, images: dict[str, str]) -> None:
    shown = engine(*engine.confined("--rm", images["rollout"], "plan"))
    for percent in ("5", "25", "50", "100"):
        assert percent in shown
    refused = subprocess.run(
        [engine.program, *engine.confined("--rm", images["rollout"], "status", "churn")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert refused.stderr.strip().splitlines()[-1].startswith("error: no cluster")
