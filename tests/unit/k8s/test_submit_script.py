"""``make submit`` and ``make schedule``, with a kubectl and a tenure that write down what they were asked."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from manifests import K8S, TAG, run

KUBECTL = (
    f"#!{sys.executable} -SE"
    + """
import base64, json, os, sys, time
folder, line = os.environ["FAKE_FOLDER"], " ".join(sys.argv[1:])
with open(f"{folder}/kubectl", "a") as log:
    log.write(f"{os.getpid()} {line}\\n")
for missing in os.environ.get("MISSING", "").split():
    if f"service {missing}" in line:
        sys.exit(1)
if "port-forward" in line:
    if os.environ.get("REFUSED"):
        sys.exit("error: unable to forward port because pod is not running")
    print("Forwarding from 127.0.0.1:" + ("41001" if "ml-pipeline" in line else "41002") + " -> 1", flush=True)
    time.sleep(60)
if "secret tenure-object-store-identities" in line:
    identity = {"name": "admin", "credentials": [{"accessKey": "tenure", "secretKey": "secret"}]}
    print(base64.b64encode(json.dumps({"identities": [identity]}).encode()).decode(), end="")
"""
)
TENURE = (
    f"#!{sys.executable} -SE"
    + """
import json, os, sys
told = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "TENURE_DATA"))}
json.dump([sys.argv[1:], told], open(os.environ["FAKE_FOLDER"] + "/tenure", "w"))
sys.exit(int(os.environ.get("STATUS", "0")))
"""
)


@dataclass
class Machine:
    folder: Path
    environment: dict[str, str]

    def submit(self, *verb: str, **environment: str):
        return run("bash", str(K8S / "scripts/submit.sh"), *verb, environment={**self.environment, **environment})

    @property
    def asked(self) -> tuple[list[str], dict[str, str]]:
        arguments, variables = json.loads((self.folder / "tenure").read_text(encoding="utf-8"))
        return arguments, variables

    @property
    def calls(self) -> list[list[str]]:
        path = self.folder / "kubectl"
        return [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in list(os.environ):
        if name.startswith(("AWS_", "TENURE_", "KFP_")):
            monkeypatch.delenv(name)
    for name, text in (("kubectl", KUBECTL), ("tenure", TENURE)):
        program = tmp_path / name
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    # The log of the calls must not take the program's place.
    (tmp_path / "log").mkdir()
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "BIN": str(tmp_path), "FAKE_FOLDER": str(tmp_path / "log")}
    return Machine(tmp_path / "log", {**environment, "IMAGE_TAG": TAG, "IMAGE_PREFIX": "registry.example.com/team"})


def flag(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def runs(pid: int) -> bool:
    """Whether a process is there, and not only waiting to be noticed as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_table_of_this_machine_goes_to_the_store_inside_the_cluster(machine: Machine) -> None:
    result = machine.submit()
    assert result.returncode == 0, result.stderr
    arguments, variables = machine.asked
    assert arguments[:2] == ["submit", "datasets/telco"]
    assert flag(arguments, "--endpoint") == "http://127.0.0.1:41001"
    assert flag(arguments, "--image") == f"registry.example.com/team/tenure-pipeline:{TAG}"
    assert flag(arguments, "--pipeline") == "training"
    assert variables == {
        "AWS_ACCESS_KEY_ID": "tenure",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:41002",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TENURE_DATA_STORE": "s3://tenure-data/datasets",
    }
    assert "secret" not in result.stdout + result.stderr
    forwards = [int(pid) for pid, line in machine.calls if "port-forward" in line]
    assert len(forwards) == 2
    deadline = time.monotonic() + 20
    while any(map(runs, forwards)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in forwards if runs(pid)], "a port stays open"


def test_the_bucket_is_one_that_the_store_makes(machine: Machine) -> None:
    assert machine.submit().returncode == 0
    bucket = machine.asked[1]["TENURE_DATA_STORE"].split("/")[2]
    made = (K8S / "components/object-store/stateful-set.yaml").read_text(encoding="utf-8")
    assert f" {bucket} " in made


def test_a_store_of_one_s_own_is_not_overruled(machine: Machine) -> None:
    own = {"TENURE_DATA_STORE": "s3://ours/datasets", "AWS_ACCESS_KEY_ID": "mine"}
    assert machine.submit(**own).returncode == 0
    assert machine.asked[1] == own


def test_without_a_store_in_the_cluster_tenure_says_what_to_do(machine: Machine) -> None:
    assert machine.submit(MISSING="object-store").returncode == 0
    assert machine.asked[1] == {}


def test_an_address_of_the_api_needs_no_port(machine: Machine) -> None:
    given = {"KFP_ENDPOINT": "https://kfp.example.com", "MISSING": "object-store", "PIPELINE": "scoring"}
    assert machine.submit(**given, SUBMIT_FLAGS="--data s3://a/b.parquet --no-wait").returncode == 0
    arguments, _ = machine.asked
    assert flag(arguments, "--endpoint") == "https://kfp.example.com"
    assert flag(arguments, "--pipeline") == "scoring"
    assert arguments[-3:] == ["--data", "s3://a/b.parquet", "--no-wait"]
    assert not [line for _, line in machine.calls if "port-forward" in line]


def test_a_schedule_reads_its_table_each_time_and_so_copies_none(machine: Machine) -> None:
    assert machine.submit("schedule", CRON="0 0 3 * * *", PIPELINE="monitoring").returncode == 0
    arguments, variables = machine.asked
    assert arguments[0] == "schedule"
    assert flag(arguments, "--cron") == "0 0 3 * * *"
    assert variables == {}


def test_a_run_that_deploys_gets_the_image_of_the_rollout(machine: Machine) -> None:
    assert machine.submit(SUBMIT_FLAGS="--deploy churn").returncode == 0
    assert flag(machine.asked[0], "--rollout-image") == f"registry.example.com/team/tenure-rollout:{TAG}"
    assert machine.submit(SUBMIT_FLAGS="--deploy=churn --rollout-image own:1").returncode == 0
    assert machine.asked[0].count("--rollout-image") == 1
    assert machine.submit(SUBMIT_FLAGS="--deploy-namespace prod").returncode == 0
    assert "--rollout-image" not in machine.asked[0]


def test_the_status_of_the_run_is_that_of_make_submit(machine: Machine) -> None:
    assert machine.submit(STATUS="7").returncode == 7


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"MISSING": "ml-pipeline"}, "there is no Kubeflow Pipelines in namespace kubeflow"),
        ({"REFUSED": "1"}, "no port could be forwarded to ml-pipeline: error: unable to forward port"),
    ],
)
def test_what_is_not_there_is_one_line(machine: Machine, environment: dict[str, str], expected: str) -> None:
    result = machine.submit(**environment)
    assert result.returncode == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert expected in errors[0]
    assert not (machine.folder / "tenure").exists()


def test_a_schedule_needs_a_time(machine: Machine) -> None:
    result = machine.submit("schedule")
    assert result.returncode == 1
    assert "error: CRON is not set" in result.stderr
    assert not machine.calls
