"""The deploy step with the rights that its pods have: k8s' own Role, enforced as Kubernetes does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster_double import ApiServer, KServe, Refused, inference_service
from json_handler import JsonHandler

from components.deploy.component import deploy
from rollout.cli import main
from tenure.errors import BusyError, SourceError

ROOT = Path(__file__).resolve().parents[2]
VERBS = {"GET": "get", "LIST": "list", "WATCH": "watch", "POST": "create", "PATCH": "patch", "PUT": "update"}
URI = "s3://models/churn/{}/data/bundle"


def documents(file: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "k8s" / file).read_text(encoding="utf-8")))


class Guarded(ApiServer):
    """Lets pass what the Role says that is bound to the pods of the pipelines."""

    def __init__(self) -> None:
        super().__init__()
        (binding,) = documents("components/pipelines/rollout-operator.yaml")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "pipeline-runner", "namespace": "kubeflow"}]
        (role,) = [
            each
            for each in documents("base/rollout/rbac.yaml")
            if each["kind"] == "Role" and each["metadata"]["name"] == binding["roleRef"]["name"]
        ]
        self.rules: list[dict[str, Any]] = role["rules"]

    def _admit(self, verb: str, group: str, plural: str, name: str) -> None:
        api_group = group.removeprefix("/apis/").rpartition("/")[0] if group.startswith("/apis/") else ""
        if not any(
            api_group in rule["apiGroups"]
            and plural in rule["resources"]
            and VERBS[verb] in rule["verbs"]
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for rule in self.rules
        ):
            raise Refused(403, "Forbidden", f'{plural} "{name}" is forbidden: cannot {VERBS[verb]} it')
        super()._admit(verb, group, plural, name)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    server = Guarded()
    for record in documents("base/rollout/record.yaml"):
        server.put({"ConfigMap": "configmaps", "Lease": "leases"}[record["kind"]], record)
    server.put("inferenceservices", inference_service())
    kserve = KServe(server)
    for _ in range(50):
        kserve.step()
    assert kserve.route() == {"churn-predictor": 100}
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path)))
    for name in ("MLFLOW_TRACKING_URI", "TENURE_TRACKING_URI", "TENURE_TRACKING_PATIENCE_S"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def mlflow() -> Iterator[str]:
    """An MLflow that knows where each version lies."""

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            version = self.path.rpartition("version=")[2]
            self.answer({"artifact_uri": f"s3://models/churn/{version}"})

    door = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{door.server_address[1]}"
    door.shutdown()
    door.server_close()


def start(version: str) -> None:
    main(["start", "churn", "-n", "tenure", "--version", version, "--storage-uri", URI.format(version), "--once"])


def test_the_step_s_rights_start_a_rollout(
    server: Guarded, mlflow: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start("6")
    assert "already: nothing to roll out" in capsys.readouterr().out
    assert server.log == []
    monkeypatch.setenv("TENURE_TRACKING_URI", mlflow)
    given = {"service": "churn", "namespace": "tenure", "version": "7", "model": "telco", "run_id": "1"}
    arguments = [str(each) for each in deploy.component_spec.implementation.container.args]
    for name, value in given.items():
        arguments = [each.replace(f"{{{{$.inputs.parameters['{name}']}}}}", value) for each in arguments]
    main(arguments)
    plan = json.loads(server.get("configmaps", "churn-rollout")["data"]["rollout.json"])["plan"]
    asked = {"version": "7", "model": "telco", "storage_uri": URI.format(7), "who": "pipeline"}
    asked["why"] = "registered by run 1"
    assert asked.items() <= plan.items()
    assert server.log == [("PATCH", "configmaps")], "a plan, and nothing else is written"
    capsys.readouterr()
    start("7")
    assert capsys.readouterr().out.startswith("churn: version 7 goes out as v7: ")
    assert server.log == [("PATCH", "configmaps")], "the version that is under way changes nothing"
    with pytest.raises(SystemExit) as left:
        start("8")
    assert left.value.code == BusyError.exit_status
    assert capsys.readouterr().err == (
        "error: churn: version 7 is being rolled out (preparing); wait, or abort it first\n"
    )


@pytest.mark.parametrize("verb", ["get", "patch"])
def test_without_a_right_the_step_says_which(server: Guarded, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    (rule,) = [rule for rule in server.rules if "configmaps" in rule["resources"]]
    rule["verbs"].remove(verb)
    with pytest.raises(SystemExit) as left:
        start("7")
    assert left.value.code == SourceError.exit_status
    fault = capsys.readouterr().err
    assert fault.count("\n") == 1 and 'forbidden: configmaps "churn-rollout"' in fault and f"cannot {verb}" in fault
    assert server.get("configmaps", "churn-rollout").get("data") is None
