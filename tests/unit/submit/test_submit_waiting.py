"""What ``tenure submit`` says while nothing goes on: a run must not be waited for in silence."""

import pytest
from kubeflow_double import node, task
from test_submit import fails, pod, submit

BACK_OFF = 'ImagePullBackOff: Back-off pulling image "ghcr.io/kubeflow/kfp-driver:2.17.0"'


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("pipelines.cluster.stalls.CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr("pipelines.cluster.stalls.START_TIMEOUT_S", 0.1)


def told(result):
    return [line for line in result.stderr.splitlines() if " waits: " in line]


def polls(state, tasks, count=30):
    return [(state, tasks)] * count


def test_kubeflow_s_own_image_that_cannot_be_pulled_is_named(kubeflow, impatient, monkeypatch):
    monkeypatch.setattr("pipelines.cluster.stalls.PULL_TIMEOUT_S", 0.1)
    kubeflow.history = [("RUNNING", [])]
    kubeflow.nodes = [node("root-driver", "Pending", BACK_OFF)]
    result = submit(kubeflow)
    fails(result, 1, "Kubeflow's root-driver cannot start, ImagePullBackOff: .*kfp-driver:2.17.0.*: push the image")
    assert told(result) == [f"root-driver    waits: {BACK_OFF}"]


@pytest.mark.parametrize("said", ["PodInitializing", "ContainerCreating", ""])
def test_a_pod_that_stays_in_its_beginning_says_how_to_look(kubeflow, impatient, said):
    """Argo tells nothing of an image that its own first container lacks."""
    stuck = node("root.run.observe.executor(0)", "Pending", said)
    done = ("SUCCEEDED", [task("observe", "SUCCEEDED"), task("register", "SUCCEEDED")])
    kubeflow.history = [*polls("RUNNING", [task("observe", "RUNNING")]), done]
    kubeflow.nodes = [stuck]
    result = submit(kubeflow)
    assert result.exit_code == 0, result.stderr
    (line,) = told(result)
    assert line.startswith(f"observe        waits: {said or 'its pod does not start'} for ")
    assert line.endswith(f"kubectl --namespace kubeflow describe pod {pod(stuck)} shows why")


def test_a_pod_that_begins_soon_is_no_news(kubeflow, monkeypatch):
    monkeypatch.setattr("pipelines.cluster.stalls.CHECK_INTERVAL_S", 0.0)
    kubeflow.history = [
        *polls("RUNNING", [task("observe", "RUNNING")]),
        ("SUCCEEDED", [task("register", "SUCCEEDED")]),
    ]
    kubeflow.nodes = [node("root.run.observe.executor(0)", "Pending", "PodInitializing")]
    result = submit(kubeflow)
    assert result.exit_code == 0 and told(result) == []


@pytest.mark.parametrize("workflow", [{"metadata": {"name": "tenure-training-x7k2p"}}, ["none"]])
def test_a_run_that_nobody_begins_says_who_should(kubeflow, impatient, workflow):
    kubeflow.history = [*polls("PENDING", []), ("SUCCEEDED", [task("register", "SUCCEEDED")])]
    kubeflow.workflow = lambda: workflow
    result = submit(kubeflow)
    assert result.exit_code == 0, result.stderr
    (line,) = told(result)
    assert line.startswith("run            waits: no step has started within ")
    assert line.endswith("get deployment workflow-controller ml-pipeline-persistenceagent")


def test_an_api_that_is_away_for_longer_is_told_of_once(kubeflow, monkeypatch):
    monkeypatch.setattr("pipelines.cluster.kubeflow.OUTAGE_REPORT_S", 0.05)
    kubeflow.history = [
        ("RUNNING", [task("ingest", "RUNNING")]),
        *[503] * 30,
        ("SUCCEEDED", [task("register", "SUCCEEDED")]),
    ]
    result = submit(kubeflow)
    assert result.exit_code == 0, result.stderr
    (line,) = told(result)
    assert "Kubeflow Pipelines at http://127.0.0.1" in line and line.endswith("trying again for 300 s")


def test_a_driver_of_kubeflow_that_failed_is_named(kubeflow):
    kubeflow.history = [("FAILED", [])]
    kubeflow.nodes = [node("root-driver", "Error", "OOMKilled")]
    fails(submit(kubeflow), 1, "Kubeflow's root-driver failed: OOMKilled; its log: kubectl --namespace kubeflow logs ")
