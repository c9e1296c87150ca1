"""The deploy step and the controller with the rights of their pods: k8s' own Roles, enforced as Kubernetes does."""

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
from traffic_double import Load

from components.deploy.component import deploy
from rollout.cli import main
from rollout.loop.controller import Controller
from rollout.policy.request import Answer
from rollout.policy.request import Phase as Answered
from rollout.policy.state import Phase
from rollout.registry import NoRegistry
from rollout.traffic.cluster import Cluster
from tenure.errors import BusyError, SourceError, TenureError

ROOT = Path(__file__).resolve().parents[2]
VERBS = {"GET": "get", "LIST": "list", "WATCH": "watch", "POST": "create", "PATCH": "patch", "PUT": "update"}
URI = "s3://models/churn/{}/data/bundle"
PIPELINE = "system:serviceaccount:kubeflow:pipeline-runner"
CONTROLLER = "system:serviceaccount:tenure:tenure-rollout"
PREFIXES = ("s3://models/",)
START = {"version": "7", "canary": "v7", "storageUri": URI.format(7), "model": "churn"}


def documents(file: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "k8s" / file).read_text(encoding="utf-8")))


class Guarded(ApiServer):
    """Lets pass what the Roles say that are bound to the pods of the pipelines and of the controller."""

    def __init__(self) -> None:
        super().__init__()
        self.users = {"step": PIPELINE, "controller": CONTROLLER}
        found = documents("base/rollout/rbac.yaml") + documents("components/pipelines/rollout-starter.yaml")
        roles = {each["metadata"]["name"]: each["rules"] for each in found if each["kind"] == "Role"}
        self.rules: dict[str, list[dict[str, Any]]] = {
            f"system:serviceaccount:{subject['namespace']}:{subject['name']}": roles[each["roleRef"]["name"]]
            for each in found
            if each["kind"] == "RoleBinding"
            for subject in each["subjects"]
        }
        assert set(self.rules) == {PIPELINE, CONTROLLER}

    def may(self, verb: str, group: str, plural: str, name: str) -> bool:
        return any(
            group in rule["apiGroups"]
            and plural in rule["resources"]
            and verb in rule["verbs"]
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for rule in self.rules[self.user]
        )

    def _admit(self, verb: str, group: str, plural: str, name: str) -> None:
        api_group = group.removeprefix("/apis/").rpartition("/")[0] if group.startswith("/apis/") else ""
        verb_name = VERBS.get(verb, verb.lower())
        if not self.may(verb_name, api_group, plural, name):
            raise Refused(403, "Forbidden", f'{plural} "{name}" is forbidden: {self.user} cannot {verb_name} it')
        super()._admit(verb, group, plural, name)

    def _admit_request(self, body: dict[str, Any]) -> None:
        super()._admit_request(body)
        spec = body["spec"]
        verbs = [spec["action"], *(["set-limits"] if "limits" in spec.get("start", {}) else [])]
        for verb in verbs:
            if not self.may(verb, "tenure.dev", "rolloutrequests", spec["service"]):
                raise Refused(403, "Forbidden", f"{self.user} may not {verb} a rollout of {spec['service']}")


class World:
    """A guarded cluster, with a controller that looks until it is stopped."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = Guarded()
        for record in documents("base/rollout/record.yaml"):
            self.server.put({"ConfigMap": "configmaps", "Lease": "leases"}[record["kind"]], record)
        self.server.put("inferenceservices", inference_service())
        self.kserve = KServe(self.server)
        for _ in range(50):
            self.kserve.step()
        assert self.kserve.route() == {"churn-predictor": 100}
        (folder / "controller").mkdir()
        monkeypatch.setenv("KUBECONFIG", str(self.server.kubeconfig(folder / "controller", token="controller")))
        self.errors: list[TenureError] = []
        self.controller = Controller(
            Cluster("churn"), Load(self.kserve), NoRegistry(), prefixes=PREFIXES, log=lambda *_, **__: None
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        monkeypatch.setenv("KUBECONFIG", str(self.server.kubeconfig(folder, token="step")))

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            try:
                self.controller.look()
            except TenureError as error:
                self.errors.append(error)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()

    def requests(self) -> list[dict[str, Any]]:
        return self.server.items("rolloutrequests")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("MLFLOW_TRACKING_URI", "TENURE_TRACKING_URI", "TENURE_TRACKING_PATIENCE_S"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TENURE_HOME", str(tmp_path / "home"))
    world = World(tmp_path, monkeypatch)
    yield world
    world.close()


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


def start(version: str, uri: str = URI) -> None:
    main(["start", "churn", "-n", "tenure", "--version", version, "--storage-uri", uri.format(version), "--once"])


def test_the_step_s_rights_start_a_rollout(
    world: World, mlflow: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start("6")
    assert "already: nothing to roll out" in capsys.readouterr().out
    assert not world.server.get("configmaps", "churn-rollout").get("data")
    monkeypatch.setenv("TENURE_TRACKING_URI", mlflow)
    given = {"service": "churn", "namespace": "tenure", "version": "7", "model": "telco", "run_id": "1"}
    arguments = [str(each) for each in deploy.component_spec.implementation.container.args]
    for name, value in given.items():
        arguments = [each.replace(f"{{{{$.inputs.parameters['{name}']}}}}", value) for each in arguments]
    main(arguments)
    plan = json.loads(world.server.get("configmaps", "churn-rollout")["data"]["rollout.json"])["plan"]
    asked = {"version": "7", "model": "telco", "storage_uri": URI.format(7), "who": f"{PIPELINE} for pipeline"}
    asked["why"] = "registered by run 1"
    assert asked.items() <= plan.items()
    assert [each["spec"]["requestedBy"] for each in world.requests()] == [PIPELINE] * 2
    capsys.readouterr()
    start("7")
    assert capsys.readouterr().out.startswith("churn: version 7 goes out as v7: ")
    now = json.loads(world.server.get("configmaps", "churn-rollout")["data"]["rollout.json"])["plan"]
    assert now == plan, "the version that is under way changes nothing"
    with pytest.raises(SystemExit) as left:
        start("8")
    assert left.value.code == BusyError.exit_status
    assert capsys.readouterr().err.startswith("error: churn: version 7 is being rolled out (")
    for _ in range(200):
        world.kserve.step()
        if world.server.get("deployments", "churn-v7-predictor"):
            break
    assert world.errors == [], "the controller's Role is enough for the controller"


@pytest.mark.parametrize("action", ["promote", "abort", "pause", "resume"])
def test_a_step_may_not_decide(world: World, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    start("7")
    before = world.requests()
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([action, "churn", "-n", "tenure", "--who", "an operator"])
    assert left.value.code == SourceError.exit_status
    assert f"{PIPELINE} may not {action} a rollout of churn" in capsys.readouterr().err
    assert [each["metadata"]["name"] for each in world.requests()] == [each["metadata"]["name"] for each in before]
    state = json.loads(world.server.get("configmaps", "churn-rollout")["data"]["rollout.json"])["state"]
    assert state["phase"] == Phase.PREPARING and state["paused_at"] is None


def test_a_step_may_not_set_limits_by_which_anything_is_promoted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["start", "churn", "--version", "7", "--storage-uri", URI.format(7), "--error-share", "1"])
    assert left.value.code == SourceError.exit_status
    assert f"{PIPELINE} may not set-limits a rollout of churn" in capsys.readouterr().err


def test_a_step_may_not_write_the_state(world: World) -> None:
    """Nor the canary's weight, nor the Lease that says who acts."""
    cluster = Cluster("churn")
    with pytest.raises(SourceError, match=f"{PIPELINE} cannot patch it"):
        cluster.store({"rollout.json": "{}"}, cluster.stored())
    with pytest.raises(SourceError, match="cannot get it"):
        cluster.isvc()
    with pytest.raises(SourceError, match="cannot patch it"):
        cluster.patch_isvc({"canary": []}, "1")
    with pytest.raises(SourceError, match="cannot update it"):
        cluster.write_lease({"holderIdentity": "step"}, cluster.lease())
    request = cluster.requests.create({"action": "start", "start": {**START, "storageUri": "s3://evil/7"}})
    with pytest.raises(SourceError, match="cannot patch it"):
        cluster.requests.answer(request, Answer(Answered.ACCEPTED))


def test_an_address_outside_the_allow_list_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        start("7", "s3://models-evil/churn/{}")
    assert left.value.code == 2
    assert capsys.readouterr().err == (
        "error: storage address 's3://models-evil/churn/7' is not below s3://models/: the controller allows no other\n"
    )
    (request,) = world.requests()
    assert (request["status"]["phase"], request["status"]["reason"]) == ("Refused", "Invalid")
    assert not world.server.get("configmaps", "churn-rollout").get("data")


def test_a_foreign_identity_is_refused(world: World) -> None:
    requests = Cluster("churn").requests
    requests.identity = lambda: "admin"  # type: ignore[method-assign]
    with pytest.raises(SourceError, match=f"spec.requestedBy is not {PIPELINE}, who makes the request"):
        requests.create({"action": "start", "start": START})
    assert world.requests() == []


@pytest.mark.parametrize("verb", ["get", "create"])
def test_without_a_right_the_step_says_which(world: World, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    (rule,) = [rule for rule in world.server.rules[PIPELINE] if "create" in rule["verbs"]]
    rule["verbs"].remove(verb)
    with pytest.raises(SystemExit) as left:
        start("7")
    assert left.value.code == SourceError.exit_status
    fault = capsys.readouterr().err
    assert fault.count("\n") == 1 and 'forbidden: rolloutrequests "' in fault and f"cannot {verb}" in fault
