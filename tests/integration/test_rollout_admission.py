"""Attacks on the request objects of a real API server, with k8s' own definition, admission policy and Roles.

Where KUBECONFIG names one whose user may do everything. tests/integration/test_rollout_rights.py is the same in memory.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from real_api_server import REAL, RealApiServer

from rollout.policy.observation import Request
from rollout.policy.request import Answer, Phase, request_spec
from rollout.traffic.cluster import Cluster
from tenure.errors import InputError, SourceError

K8S = Path(__file__).resolve().parents[2] / "k8s"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
POLICY = "rolloutrequests.tenure.dev"
PATHS = {"Role": "roles", "RoleBinding": "rolebindings"}
START = {"version": "7", "canary": "v7", "storageUri": "s3://models/7", "model": "churn"}
PATIENCE_S = 30.0

pytestmark = pytest.mark.skipif(not REAL, reason="KUBECONFIG names no API server")


def documents(file: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((K8S / file).read_text(encoding="utf-8")))


class Team:
    """A namespace with the objects of k8s/base/rollout, and ServiceAccounts that are bound as there."""

    def __init__(self, folder: Path) -> None:
        self.real = RealApiServer(REAL)
        self.folder = folder
        self.namespace = self.real.namespace
        self.policies = []
        for document in documents("base/rollout-requests/policy.yaml"):
            path = f"{ADMISSION}/" + (
                "validatingadmissionpolicybindings"
                if document["kind"].endswith("Binding")
                else "validatingadmissionpolicies"
            )
            if self.real._call("GET", f"{path}/{POLICY}") is None:
                self.real._call("POST", path, document)
                self.policies.append(f"{path}/{POLICY}")
        found = documents("base/rollout/rbac.yaml") + documents("components/pipelines/rollout-starter.yaml")
        operators = {"kind": "ServiceAccount", "name": "operator", "namespace": self.namespace}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenure-rollout-operator"}
        metadata = {"name": "operators"}
        found.append({"kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [operators]})
        for document in copy.deepcopy(found):
            document["metadata"].pop("namespace", None)
            for subject in document.get("subjects", []):
                subject["namespace"] = self.namespace
            self.real._call("POST", f"{RBAC}/namespaces/{self.namespace}/{PATHS[document['kind']]}", document)
        for record in documents("base/rollout/record.yaml"):
            plural = {"ConfigMap": "configmaps", "Lease": "leases"}[record["kind"]]
            self.real._call("POST", self.real._path(plural), record)

    def as_account(self, name: str) -> Cluster:
        """The service as the ServiceAccount of that name sees it."""
        accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self.real._call("POST", accounts, {"metadata": {"name": name}})
        token = self.real._call("POST", f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
        folder = self.folder / name
        folder.mkdir()
        file = self.real.kubeconfig(folder)
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for user in document["users"]:
            user["user"] = {"token": token}
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("KUBECONFIG", str(file))
            return Cluster("churn")

    def requests(self) -> list[str]:
        return self.real.names("rolloutrequests")

    def close(self) -> None:
        for path in self.policies:
            self.real._call("DELETE", path)
        self.real.close()


@pytest.fixture(scope="module")
def team(definitions: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    team = Team(tmp_path_factory.mktemp("team"))
    yield team
    team.close()


@pytest.fixture(scope="module")
def step(team: Team) -> Cluster:
    """The pipelines' ServiceAccount, once the admission policy works."""
    step = team.as_account("pipeline-runner")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            made = step.requests.create(request_spec("abort", who="", why="", rollout="probe"))
        except SourceError:
            return step
        assert time.monotonic() < deadline, f"the admission policy does not work after {PATIENCE_S:g} s"
        team.real.delete("rolloutrequests", made.name)
        time.sleep(0.5)


def test_a_step_may_request_a_start_and_nobody_may_change_it(team: Team, step: Cluster) -> None:
    made = step.requests.create(request_spec("start", who="pipeline", why="registered", start=START))
    assert made.requested_by == f"system:serviceaccount:{team.namespace}:pipeline-runner for pipeline"
    assert step.requests.find(made.name).answer is None
    path = f"{step.requests._path}/{made.name}"
    for change in ({"spec": {"reason": "other"}}, {"metadata": {"labels": {"a": "b"}}}):
        with pytest.raises(SourceError, match="cannot patch resource"):
            step._api.call("PATCH", path, change)
    with pytest.raises(SourceError, match="cannot patch resource"):
        step.requests.answer(made, Answer(Phase.ACCEPTED))
    with pytest.raises(SourceError, match="cannot delete resource"):
        step.requests.remove(made)
    controller = team.as_account("tenure-rollout")
    with pytest.raises(SourceError, match="cannot patch resource"):
        controller._api.call("PATCH", path, {"spec": {"start": {"storageUri": "s3://evil/7"}}})
    controller.requests.answer(made, Answer(Phase.REFUSED, "busy", "Busy", audited=True))
    assert step.requests.find(made.name).answer == Answer(Phase.REFUSED, "busy", "Busy", audited=True)
    controller.requests.remove(made)
    with pytest.raises(InputError, match="has been deleted"):
        step.requests.find(made.name)
    # Not even who may do everything.
    again = step.requests.create(request_spec("start", who="", why="", start=START))
    with pytest.raises(Exception, match="a request is not changed once it is made"):
        team.real.ask("PATCH", "rolloutrequests", again.name, {"spec": {"requestedBy": "admin"}})
    team.real.delete("rolloutrequests", again.name)


@pytest.mark.parametrize("action", list(Request))
def test_a_step_may_not_decide(team: Team, step: Cluster, action: Request) -> None:
    with pytest.raises(SourceError, match=f"pipeline-runner may not {action} a rollout of churn"):
        step.requests.create(request_spec(action, who="operator", why="", rollout="churn-v7-1"))
    assert team.requests() == []


def test_an_operator_may(team: Team) -> None:
    operator = team.as_account("operator")
    for action in Request:
        made = operator.requests.create(request_spec(action, who="", why="", rollout="churn-v7-1"))
        team.real.delete("rolloutrequests", made.name)
    limits = {**START, "limits": {"steps": [10, 100], "error_share": 0.01}}
    made = operator.requests.create(request_spec("start", who="", why="", start=limits))
    team.real.delete("rolloutrequests", made.name)
    with pytest.raises(SourceError, match="cannot patch resource"):
        operator.store({"rollout.json": "{}"}, operator.stored())


def test_a_step_may_not_set_limits(step: Cluster) -> None:
    limits = {**START, "limits": {"error_share": 1.0}}
    with pytest.raises(SourceError, match="may not set limits for a rollout of churn"):
        step.requests.create(request_spec("start", who="", why="", start=limits))


def test_a_step_may_not_write_the_state(step: Cluster) -> None:
    for data in ({"rollout.json": "{}"}, {"replay.json": '{"ok": true}'}):
        with pytest.raises(SourceError, match="cannot patch resource"):
            step.store(data, step.stored())
    with pytest.raises(SourceError, match="cannot update resource"):
        step.write_lease({"holderIdentity": "step"}, step.lease())
    with pytest.raises(SourceError, match="forbidden"):
        step.patch_isvc({"canary": []}, "1")


def test_a_stranger_may_not_request_anything(team: Team, step: Cluster) -> None:
    stranger = team.as_account("stranger")
    with pytest.raises(SourceError, match="cannot create resource"):
        stranger.requests.create(request_spec("start", who="", why="", start=START))


SPEC = {"service": "churn", "action": "start", "start": START}


@pytest.mark.parametrize(
    ("spec", "metadata", "words"),
    [
        ({"requestedBy": "admin"}, {}, "spec.requestedBy is not system:serviceaccount:"),
        ({"requestedBy": "system:serviceaccount:kubeflow:pipeline-runner"}, {}, "spec.requestedBy is not"),
        ({"service": "other"}, {}, "may not start a rollout of other"),
        ({}, {"finalizers": ["tenure.dev/stay"]}, "a request has no finalizers and no owner"),
        ({"action": "promote"}, {}, "the action start, and no other, has the field start"),
        ({"rollout": "churn-v7-1"}, {}, "an action other than start names the rollout"),
        ({"replay": {"ok": True, "summary": ""}}, {}, "the action replay, and no other, has the field replay"),
        ({"start": {**START, "storageUri": "s3://a/" + "x" * 2000}}, {}, "Too long"),
        ({"reason": "x" * 2000}, {}, "Too long"),
        ({"service": "Churn/../x"}, {}, "should match"),
        ({"action": "set-limits"}, {}, "Unsupported value"),
    ],
)
def test_a_request_that_is_not_as_it_should_be_is_refused(
    team: Team, step: Cluster, spec: dict[str, Any], metadata: dict[str, Any], words: str
) -> None:
    identity = f"system:serviceaccount:{team.namespace}:pipeline-runner"
    body = {
        "apiVersion": "tenure.dev/v1alpha1",
        "kind": "RolloutRequest",
        "metadata": {"generateName": "attack-", **metadata},
        "spec": {**SPEC, "requestedBy": identity, **spec},
    }
    with pytest.raises((SourceError, InputError), match=words):
        step._api.call("POST", step.requests._path, body)
    assert team.requests() == []


def test_an_unknown_field_is_dropped(team: Team, step: Cluster) -> None:
    made = step.requests.create({**request_spec("start", who="", why="", start={**START, "promote": True}), "x": 1})
    assert made.spec["start"] == START and "x" not in made.spec
    team.real.delete("rolloutrequests", made.name)
