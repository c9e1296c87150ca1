"""``tenure submit`` and ``tenure schedule`` against a Kubeflow API of our own, through kfp's real client."""

import dataclasses
import json
import re
import socket
from pathlib import Path

import pytest
from kubeflow_double import node, task
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cluster.kubernetes_names import check_image
from pipelines.commands.cluster_options import ClusterOptions

TELCO = Path(__file__).resolve().parents[3] / "datasets" / "telco"
IMAGE = "registry.example.com/tenure-pipeline:4f2c1a9"
ROLLOUT_IMAGE = "registry.example.com/tenure-rollout:9d03b6e"
DEPLOY = ("--deploy", "churn", "--rollout-image", ROLLOUT_IMAGE)
DATA = "s3://bucket/customers.parquet"


def tenure(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tenure")


def submit(kubeflow, *more, data=DATA, image=IMAGE):
    return tenure("submit", TELCO, "--data", data, "--endpoint", kubeflow.url, "--image", image, *more)


def schedule(kubeflow, *more, cron="0 0 3 * * *"):
    place = ("--data", DATA, "--endpoint", kubeflow.url, "--image", IMAGE)
    return tenure("schedule", TELCO, "--cron", cron, *place, *more)


def fails(result, status, pattern):
    assert result.exit_code == status, (result.stdout, result.stderr, result.exception)
    lines = [line for line in result.stderr.splitlines() if line.startswith("tenure: ")]
    assert len(lines) == 1 and result.stderr.splitlines()[-1] == lines[0]
    assert re.search(pattern, lines[0]), lines[0]


def executors(spec):
    return spec["pipeline_spec"]["deploymentSpec"]["executors"]


def test_a_run_is_created_followed_and_leaves_with_0(kubeflow):
    kubeflow.history = [
        ("PENDING", []),
        ("RUNNING", [task("ingest-driver", "SUCCEEDED"), task("ingest", "RUNNING")]),
        503,
        ("RUNNING", [task("ingest", "SUCCEEDED"), task("check-serving", "RUNNING")]),
        ("SUCCEEDED", [task("ingest", "SUCCEEDED"), task("check-serving", "SUCCEEDED"), task("register", "SUCCEEDED")]),
    ]
    result = submit(kubeflow, "--run-name", "november", "--experiment", "crm", "--workers", "3", "--label", "team=crm")
    assert result.exit_code == 0, result.stderr
    (run,) = kubeflow.runs
    assert f"{kubeflow.url}/#/runs/details/{run['run_id']}" in result.stdout
    states = [tuple(line.split()[:2]) for line in result.stderr.splitlines()]
    assert states == [
        ("ingest", "running"),
        ("ingest", "succeeded"),
        ("check_serving", "running"),
        ("check_serving", "succeeded"),
        ("register", "succeeded"),
    ]
    assert run["display_name"] == "november"
    assert run["experiment_id"] == kubeflow.experiments["crm"]["experiment_id"]
    # Kubeflow's MLflow plugin opens the run there, too.
    assert run["plugins_input"] == {"mlflow": {"experiment_name": "crm"}}
    parameters = run["runtime_config"]["parameters"]
    assert parameters["workers"] == [0, 1, 2]
    assert parameters["workers_count"] == 3
    assert DATA in parameters["contract"]
    images = {name: each["container"]["image"] for name, each in executors(run["pipeline_spec"]).items()}
    assert images.pop("exec-deploy") == "tenure-rollout:set-by-rollout-image"
    assert set(images.values()) == {IMAGE}
    pods = run["pipeline_spec"]["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = {"team": "crm", "app.kubernetes.io/component": "tenure-step"}
    assert all(pod["podMetadata"] == {"labels": labels} for pod in pods.values())


def test_a_step_is_told_once_though_kubeflow_lists_each_try_beside_it(kubeflow):
    """As 2.17.0 does: what it runs in has a default for retries, so that all of it has tries."""
    kubeflow.history = [
        ("RUNNING", [task("ingest(0)", "FAILED"), task("ingest", "RUNNING"), task("executor(0)", "FAILED")]),
        ("RUNNING", [task("ingest(0)", "FAILED"), task("ingest(1)", "RUNNING"), task("ingest", "RUNNING")]),
        ("SUCCEEDED", [task("ingest(1)", "SUCCEEDED"), task("ingest", "SUCCEEDED"), task("register", "SUCCEEDED")]),
    ]
    result = submit(kubeflow)
    assert result.exit_code == 0, result.stderr
    states = [tuple(line.split()[:2]) for line in result.stderr.splitlines()]
    assert states == [("ingest", "running"), ("ingest", "succeeded"), ("register", "succeeded")]


def caching(run):
    spec = run["pipeline_spec"]["pipeline_spec"]
    parts = [spec["root"], *spec["components"].values()]
    tasks = {name: each for part in parts for name, each in part.get("dag", {}).get("tasks", {}).items()}
    return {name for name, each in tasks.items() if each.get("cachingOptions", {}).get("enableCache")}


def test_without_a_cache_no_step_is_cached_and_with_it_those_that_look_outside_are_not(kubeflow):
    assert submit(kubeflow).exit_code == 0
    assert submit(kubeflow, "--no-cache").exit_code == 0
    first, second = map(caching, kubeflow.runs)
    assert {"ingest", "tune", "train", "champion"} <= first
    assert not first & {"observe", "register", "track", "deploy", "notify"}
    assert second == set()


def test_a_model_that_was_not_blessed_leaves_with_7(kubeflow):
    kubeflow.history = [("SUCCEEDED", [task("evaluate", "SUCCEEDED"), task("track", "SUCCEEDED")])]
    fails(submit(kubeflow), 7, r"the model was not blessed; the report is on the run's page: .*#/runs/details/")
    tracked = node("root.run.condition-branches-1.no-go.track.executor(0)", "Succeeded")
    kubeflow.nodes = [node("root.run.condition-branches-1.no-go.track-driver", "Succeeded"), tracked]
    kubeflow.logs = {pod(tracked): "[track] start\n[track] not blessed: ROC-AUC 0.80, at least 0.82 asked.\n"}
    fails(
        submit(kubeflow), 7, r"the model was not blessed: ROC-AUC 0.80, at least 0.82 asked; the report is on the run"
    )


@pytest.mark.parametrize(("last", "status"), [("register", 0), ("track", 7)])
def test_what_a_large_run_came_to_is_seen_by_its_pods(kubeflow, last, status):
    """Kubeflow's list of tasks stays as it was when Argo began to pack the nodes."""
    kubeflow.packs_nodes = True
    kubeflow.history = [("SUCCEEDED", [task("train", "RUNNING")])]
    kubeflow.nodes = [node(f"root.run.condition-4.{last}.executor(0)", "Succeeded")]
    result = submit(kubeflow)
    assert result.exit_code == status, result.stderr


def test_a_failed_run_names_the_step_and_what_it_said(kubeflow):
    kubeflow.history = [
        ("RUNNING", [task("ingest", "RUNNING")]),
        ("FAILED", [task("ingest", "FAILED", "Error\n(exit code 3)"), task("notify", "FAILED", "later")]),
    ]
    fails(submit(kubeflow), 1, r"step ingest failed: Error \(exit code 3\)")


def pod(number, template="retry-system-container-impl"):
    return f"tenure-training-x7k2p-{template}-{number['id'].rpartition('-')[2]}"


@pytest.mark.parametrize("packed", [False, True])
def test_a_failed_run_says_what_the_step_said(kubeflow, packed):
    kubeflow.packs_nodes = packed
    first, last = (node(f"root.run.ingest.executor({n})", "Failed", "Error (exit code 2)") for n in (0, 1))
    last["finishedAt"] = "2026-11-21T12:01:00Z"
    kubeflow.history = [("FAILED", [task("ingest", "FAILED")])]
    kubeflow.nodes = [
        node("root.run.ingest-driver", "Succeeded"),
        node("root.run.ingest", "Failed", kind="DAG"),
        node("root.run.ingest.executor", "Failed", kind="Retry"),
        first,
        last,
        # Failed at first, and then not: no cause.
        node("root.run.observe.executor(0)", "Failed", ended="2026-11-21T11:00:00Z"),
        node("root.run.observe.executor(1)", "Succeeded"),
        # The last word comes after the failure, and is nobody's cause.
        node("root.notify.executor", "Failed", ended="2026-11-21T10:00:00Z"),
    ]
    kubeflow.logs = {
        pod(first): "[ingest] start\n[ingest] error: the first time it was something else\n",
        pod(
            last
        ): "[ingest] start\n[ingest] error: no such file: s3://bucket/customers.parquet\nF1121 launcher: exit 2\n",
    }
    fails(
        submit(kubeflow), 1, r"step ingest failed: no such file: s3://bucket/customers\.parquet; http.*/runs/details/"
    )


def test_a_pod_that_was_ended_from_outside_says_how_to_look(kubeflow):
    killed = node("root.run.for-loop-2.for-loop-2(1:1).tune.executor(0)", "Failed", "OOMKilled (exit code 137)")
    kubeflow.history = [("FAILED", [task("tune", "FAILED")])]
    kubeflow.nodes = [killed]
    kubeflow.logs = {pod(killed): "[tune#1] start\n[tune#1] trial 3/20\n"}
    logs = f"kubectl --namespace kubeflow logs {pod(killed)} --container main"
    fails(submit(kubeflow), 1, f"step tune failed: OOMKilled \\(exit code 137\\); its log: {logs}")
    kubeflow.logs = {}
    fails(submit(kubeflow), 1, f"step tune failed: OOMKilled \\(exit code 137\\); its log: {logs}")


def test_a_driver_that_failed_is_named_by_its_step(kubeflow):
    driver = node("root.run.validate-driver", "Error", "secret not found")
    kubeflow.history = [("FAILED", [])]
    kubeflow.nodes = [driver]
    name = pod(driver, "system-container-driver")
    fails(submit(kubeflow), 1, f"step validate failed: secret not found; its log: kubectl .* logs {name} ")


def test_what_a_pod_waits_for_is_shown_and_an_image_that_never_comes_ends_the_waiting(kubeflow, monkeypatch):
    monkeypatch.setattr("pipelines.cluster.stalls.CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr("pipelines.cluster.stalls.PULL_TIMEOUT_S", 0.2)
    refused = 'ImagePullBackOff: Back-off pulling image "registry.example.com/tenure-pipeline:4f2c1a9"'
    kubeflow.history = [("RUNNING", [task("observe", "RUNNING")])]
    kubeflow.nodes = [
        [
            node(
                "root.run.observe.executor(0)", "Pending", "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
            )
        ],
        [node("root.run.observe.executor(0)", "Pending", refused)],
    ]
    result = submit(kubeflow)
    fails(result, 1, "step observe cannot start, ImagePullBackOff: .*4f2c1a9.*: push the image")
    waits = [line for line in result.stderr.splitlines() if " waits: " in line]
    assert waits == [
        f"observe        waits: {kubeflow_says}"
        for kubeflow_says in ("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.", refused)
    ]


def test_a_workflow_that_nobody_tells_of_changes_nothing(kubeflow):
    kubeflow.history = [("FAILED", [task("ingest", "FAILED", "exit code 3")])]
    kubeflow.workflow = lambda: ["no object"]
    fails(submit(kubeflow), 1, "step ingest failed: exit code 3")


def test_today_s_customers_are_scored(kubeflow):
    kubeflow.history = [("SUCCEEDED", [task("champion", "SUCCEEDED"), task("score", "SUCCEEDED")])]
    result = submit(kubeflow, "--pipeline", "scoring")
    assert result.exit_code == 0, result.stderr
    assert "succeeded: the scores are on the run's page" in result.stdout
    (run,) = kubeflow.runs
    assert run["pipeline_spec"]["pipeline_spec"]["pipelineInfo"]["name"] == "tenure-scoring"
    assert set(run["runtime_config"]["parameters"]) == {"contract"}
    assert run["display_name"].startswith("telco-scoring 20")
    # Nothing that the workflow could tell would change this end.
    assert not any("v1beta1" in path for _, path in kubeflow.requests)


def test_monitoring_says_when_to_train_anew(kubeflow):
    kubeflow.history = [("SUCCEEDED", [task("monitor", "SUCCEEDED")])]
    result = submit(kubeflow, "--pipeline", "monitoring", "--reference", "s3://bucket/then.parquet")
    assert result.exit_code == 0, result.stderr
    assert kubeflow.runs[0]["runtime_config"]["parameters"]["reference"] == "s3://bucket/then.parquet"
    kubeflow.history = [("SUCCEEDED", [task("monitor", "SUCCEEDED"), task("alert", "SUCCEEDED")])]
    fails(submit(kubeflow, "--pipeline", "monitoring"), 7, "retrain: .*#/runs/details/")


LOG = "s3://tenure-data/prediction-log"


def test_monitoring_of_the_prediction_log_needs_no_table_that_the_cluster_can_read(kubeflow):
    """The dataset's table is a file of this machine."""
    place = ("--endpoint", kubeflow.url, "--image", IMAGE, "--pipeline", "monitoring", "--log", LOG)
    kubeflow.history = [("SUCCEEDED", [task("monitor", "SUCCEEDED")])]
    result = tenure("submit", TELCO, *place)
    assert result.exit_code == 0, result.stderr
    assert kubeflow.runs[0]["runtime_config"]["parameters"]["log"] == LOG
    assert "created" in tenure("schedule", TELCO, "--cron", "0 0 6 * * *", *place).stdout
    (job,) = kubeflow.recurring.values()
    assert job["runtime_config"]["parameters"]["log"] == LOG
    assert kubeflow.runs[0]["plugins_input"] == {"mlflow": {"experiment_name": "telco"}}
    # With these, Kubeflow 2.17.0 keeps no graph with a schedule, and none of its runs ever begins.
    assert job.get("plugins_input") is None
    fails(tenure("submit", TELCO, *place, "--data", DATA), 2, "--data and --log exclude each other")


@pytest.mark.parametrize("log", ["predictions", "/var/log/predictions", "file:///var/log/predictions"])
def test_a_prediction_log_of_this_machine_is_refused(kubeflow, log):
    place = ("--endpoint", kubeflow.url, "--image", IMAGE, "--pipeline", "monitoring", "--log", log)
    said = f"the prediction log is at {log}, a path of this machine, which a cluster cannot read"
    fails(tenure("submit", TELCO, *place), 2, said)
    assert kubeflow.requests == []


@pytest.mark.parametrize(
    ("pipeline", "flag"),
    [
        ("scoring", "--workers=3"),
        ("monitoring", "--trials=3"),
        ("scoring", "--families=all"),
        ("scoring", "--reference=s3://b/t"),
        ("training", "--reference=s3://b/t"),
        ("scoring", "--log=s3://b/log"),
        ("scoring", "--deploy=churn"),
        ("monitoring", "--deploy-namespace=tenure"),
    ],
)
def test_a_flag_of_another_pipeline_is_refused(kubeflow, pipeline, flag):
    name = flag.partition("=")[0]
    fails(
        submit(kubeflow, "--pipeline", pipeline, flag),
        2,
        f"{name} belongs to the .* pipeline, but --pipeline is {pipeline}",
    )
    assert kubeflow.requests == []


def test_a_registered_version_goes_out_on_the_service_that_was_named(kubeflow):
    kubeflow.history = [("SUCCEEDED", [task("register", "SUCCEEDED"), task("deploy", "SUCCEEDED")])]
    result = submit(kubeflow, *DEPLOY)
    assert result.exit_code == 0, result.stderr
    assert "deploy         succeeded" in result.stderr
    images = {name: each["container"]["image"] for name, each in executors(kubeflow.runs[0]["pipeline_spec"]).items()}
    assert images.pop("exec-deploy") == ROLLOUT_IMAGE
    assert set(images.values()) == {IMAGE}
    assert submit(kubeflow, *DEPLOY, "--deploy-namespace", "prod").exit_code == 0
    assert submit(kubeflow).exit_code == 0
    assert "created" in schedule(kubeflow, *DEPLOY).stdout
    (job,) = kubeflow.recurring.values()
    given = [run["runtime_config"]["parameters"] for run in [*kubeflow.runs, job]]
    assert [(each["service"], each["namespace"]) for each in given] == [
        ("churn", "tenure"),
        ("churn", "prod"),
        ("", "tenure"),
        ("churn", "tenure"),
    ]
    assert "replaced" in schedule(kubeflow, *DEPLOY, "--deploy-namespace", "prod").stdout


def test_a_version_that_could_not_go_out_fails_the_run_with_what_the_step_said(kubeflow):
    said = "churn: version 7 is being rolled out (analysing); wait, or abort it first"
    kubeflow.history = [("FAILED", [task("register", "SUCCEEDED"), task("deploy", "FAILED", said)])]
    fails(submit(kubeflow, *DEPLOY), 1, rf"step deploy failed: {re.escape(said)}; .*#/runs/details/")


@pytest.mark.parametrize("flag", ["--deploy", "--deploy-namespace"])
@pytest.mark.parametrize("name", ["Churn", "churn.v2", "churn/v2", "-churn", "x" * 64])
def test_a_service_that_kubernetes_cannot_name_is_refused_here(kubeflow, flag, name):
    fails(submit(kubeflow, *DEPLOY, f"{flag}={name}"), 2, f"{flag} '{name}' is not a Kubernetes name")
    assert kubeflow.requests == []


@pytest.mark.parametrize("command", ["submit", "schedule"])
def test_both_commands_have_the_shared_options(command):
    shown = tenure(command, "--help").stdout
    for field in dataclasses.fields(ClusterOptions):
        assert re.search(rf"^  --{field.name.replace('_', '-')}\b", shown, re.MULTILINE), field.name


@pytest.mark.parametrize("command", [submit, schedule])
def test_a_namespace_of_no_service_is_refused(kubeflow, command):
    fails(command(kubeflow, "--deploy-namespace", "prod"), 2, "--deploy-namespace needs --deploy")
    fails(command(kubeflow, "--rollout-image", ROLLOUT_IMAGE), 2, "--rollout-image needs --deploy")
    assert kubeflow.requests == []


@pytest.mark.parametrize("command", [submit, schedule])
def test_a_service_without_the_image_that_deploys_on_it_is_refused(kubeflow, command):
    fails(command(kubeflow, "--deploy", "churn"), 2, "--deploy needs --rollout-image")
    fails(command(kubeflow, "--deploy", "churn", "--rollout-image", "a b"), 2, "--rollout-image .* is not an")
    fails(command(kubeflow, "--deploy", "churn", "--rollout-image", "tenure-rollout"), 2, "tag made of its content")
    assert kubeflow.requests == []


def test_every_pipeline_has_a_schedule_of_its_own(kubeflow):
    for pipeline in ("training", "scoring", "monitoring"):
        assert "created" in schedule(kubeflow, "--pipeline", pipeline).stdout
    assert {job["display_name"] for job in kubeflow.recurring.values()} == {
        "telco",
        "telco-scoring",
        "telco-monitoring",
    }


def test_a_run_that_was_stopped_is_no_success(kubeflow):
    kubeflow.history = [("CANCELED", [])]
    fails(submit(kubeflow), 1, "ended as canceled")


def test_a_run_that_registered_nothing_visible_is_no_success(kubeflow):
    kubeflow.history = [("SUCCEEDED", [])]
    fails(submit(kubeflow), 1, "no step that registered")


def test_waiting_ends_before_the_run_does(kubeflow):
    kubeflow.history = [("RUNNING", [])]
    fails(submit(kubeflow, "--timeout-s", "0.05"), 1, "continues after 0.05 s")


def test_no_wait_prints_the_id_for_scripts(kubeflow):
    kubeflow.history = [("RUNNING", [])]
    result = submit(kubeflow, "--no-wait", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["run_id"] == kubeflow.runs[0]["run_id"]
    assert not any(path.startswith("/apis/v2beta1/runs/") for _, path in kubeflow.requests)


@pytest.mark.parametrize("image", ["tenure-pipeline", "tenure-pipeline:latest", "registry.example.com:5000/tenure"])
def test_an_image_without_a_tag_of_its_own_is_refused(kubeflow, image):
    fails(submit(kubeflow, image=image), 2, "tag made of its content")
    assert kubeflow.requests == []


def test_data_on_this_laptop_is_refused(kubeflow):
    result = tenure("submit", TELCO, "--endpoint", kubeflow.url, "--image", IMAGE)
    fails(result, 2, r"telco_churn\.csv, a path of this machine, which a cluster cannot read.*--data-store s3://")
    assert kubeflow.requests == []


def test_a_password_of_the_address_comes_from_a_secret(kubeflow, monkeypatch):
    monkeypatch.setenv("CRM_PASSWORD", "a-long-secret")
    data = "postgresql://reader:${CRM_PASSWORD}@db/crm?q=1"
    fails(submit(kubeflow, data=data), 2, "CRM_PASSWORD, which the cluster's steps do not have")
    result = submit(kubeflow, "--source-secret", "crm-reader", data=data)
    assert result.exit_code == 0, result.stderr
    (run,) = kubeflow.runs
    assert "a-long-secret" not in json.dumps(run)
    pods = run["pipeline_spec"]["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    secret = {"secretKey": "CRM_PASSWORD", "envVar": "CRM_PASSWORD"}
    taking = {name for name, pod in pods.items() if [secret] in [s["keyToEnv"] for s in pod.get("secretAsEnv", [])]}
    assert {"exec-ingest", "exec-observe"} <= taking
    assert "exec-tune" not in taking


@pytest.mark.parametrize("label", ["crm", "=crm", "team=c r m", "te am=crm", f"team={'x' * 64}"])
def test_a_label_that_kubernetes_refuses_is_refused_here(kubeflow, label):
    fails(submit(kubeflow, "--label", label), 2, "is not a Kubernetes label")


@pytest.mark.parametrize("flag", ["--source-secret", "--service-account"])
@pytest.mark.parametrize("name", ["CRM_Reader", "crm reader", "-crm", "x" * 254, ""])
def test_an_object_s_name_that_kubernetes_refuses_is_refused_here(kubeflow, flag, name):
    fails(submit(kubeflow, f"{flag}={name}"), 2, f"{flag} '{name}' is not a Kubernetes name")
    assert kubeflow.requests == []


@pytest.mark.parametrize(
    "image", ["Tenure/Pipeline:1", "tenure pipeline:1", "tenure//pipeline:1", ":1", "a:b:c", "a@b"]
)
def test_an_image_that_is_none_is_refused_here(kubeflow, image):
    fails(submit(kubeflow, image=image), 2, f"'{image}' is not an image")
    assert kubeflow.requests == []


@pytest.mark.parametrize(
    "image",
    [
        "tenure-pipeline:4f2c1a9",
        "localhost:5000/a/b__c/d.e--f:V1.2_3-x",
        f"Registry.example.com/tenure@sha256:{'0' * 64}",
        f"tenure:4f2c1a9@sha256:{'0' * 64}",
    ],
)
def test_images_as_engines_have_them_are_taken(image):
    check_image("--image", image)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_nobody_at_the_address(kubeflow):
    kubeflow.url = f"http://127.0.0.1:{free_port()}"
    fails(submit(kubeflow), 3, r"127\.0\.0\.1:\d+ cannot be reached")


def test_somebody_else_at_the_address(kubeflow):
    kubeflow.url += "/elsewhere"
    fails(submit(kubeflow), 2, "is not a Kubeflow Pipelines API")


def test_an_address_that_is_none(kubeflow):
    kubeflow.url = "localhost:8888"
    fails(submit(kubeflow), 2, "is not a URL")


def test_a_token_is_asked_for_and_taken_from_the_environment(kubeflow, monkeypatch):
    kubeflow.token = "right"
    fails(submit(kubeflow), 3, r"refuses \(401\).*KFP_TOKEN")
    monkeypatch.setenv("KFP_TOKEN", "right")
    assert submit(kubeflow).exit_code == 0


def test_no_cluster_at_all(kubeflow):
    fails(
        tenure("submit", TELCO, "--data", DATA, "--image", IMAGE),
        2,
        "no cluster: set KUBECONFIG, or give --endpoint or set KFP_ENDPOINT",
    )


def test_the_address_may_be_in_the_environment(kubeflow, monkeypatch):
    monkeypatch.setenv("KFP_ENDPOINT", kubeflow.url)
    assert tenure("submit", TELCO, "--data", DATA, "--image", IMAGE, "--no-wait").exit_code == 0
    assert len(kubeflow.runs) == 1


def test_what_the_api_refuses_is_told_in_its_words(kubeflow):
    kubeflow.refuse = (400, {"message": "Invalid input: exceeded quota: pods"})
    fails(submit(kubeflow), 2, r"rejects the request \(400\): Invalid input: exceeded quota: pods")


def test_a_schedule_is_made_once_and_replaced_when_it_says_something_else(kubeflow):
    assert "created" in schedule(kubeflow).stdout
    ((first, job),) = kubeflow.recurring.items()
    assert job["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * *"
    assert job["display_name"] == "telco"
    assert job["no_catchup"] is True
    assert int(job["max_concurrency"]) == 1
    assert "unchanged" in schedule(kubeflow).stdout
    assert list(kubeflow.recurring) == [first]
    assert "created" in schedule(kubeflow, "--name", "other").stdout
    assert "replaced" in schedule(kubeflow, cron="0 30 4 * * MON-FRI").stdout
    assert first not in kubeflow.recurring
    crons = {job["display_name"]: job["trigger"]["cron_schedule"]["cron"] for job in kubeflow.recurring.values()}
    assert crons == {"telco": "0 30 4 * * MON-FRI", "other": "0 0 3 * * *"}


def test_schedules_are_listed_and_deleted(kubeflow):
    schedule(kubeflow)
    schedule(kubeflow, "--name", "other")
    listed = json.loads(tenure("schedule", "--list", "--endpoint", kubeflow.url, "--json").stdout)
    assert [(each["name"], each["cron"], each["enabled"]) for each in listed] == [
        ("telco", "0 0 3 * * *", True),
        ("other", "0 0 3 * * *", True),
    ]
    assert "one in progress ends with it" in tenure("schedule", "--delete", "other", "--endpoint", kubeflow.url).stdout
    assert [job["display_name"] for job in kubeflow.recurring.values()] == ["telco"]
    fails(tenure("schedule", "--delete", "other", "--endpoint", kubeflow.url), 2, "no schedule 'other'")


@pytest.mark.parametrize("arguments", [(), ("--list", "--delete", "a"), (TELCO, "--list")])
def test_a_schedule_is_one_thing_at_a_time(kubeflow, arguments):
    fails(tenure("schedule", *arguments, "--endpoint", kubeflow.url), 2, "give one of")


def test_a_schedule_needs_a_time(kubeflow):
    fails(tenure("schedule", TELCO, "--endpoint", kubeflow.url, "--image", IMAGE), 2, "give the times by --cron")
