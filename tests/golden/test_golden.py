"""Compiled pipelines against golden files, in a short form (see ``canonical``): a folder each, a file a step.

``make golden`` rewrites them after a wanted change.
"""

import os
import re
from pathlib import Path

import pytest
import yaml
from canonical import canonical

from components.spec import step_specs
from pipelines.graphs.compilation import COMPILERS, compile_training
from pipelines.graphs.settings import cluster, local

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
IMAGE = "registry.example.com/tenure-pipeline-python:4f2c1a9"
ROLLOUT_IMAGE = "registry.example.com/tenure-rollout:9d03b6e"
PLACE = cluster(IMAGE, rollout_image=ROLLOUT_IMAGE)


def read(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "training.yaml"
    compile_training(PLACE, path)
    return path


@pytest.fixture(scope="module")
def document(compiled):
    return read(compiled)[0]


def executors(document):
    return {
        name.removeprefix("exec-"): each["container"] for name, each in document["deploymentSpec"]["executors"].items()
    }


def tasks(document):
    """All tasks by name, those in loops and branches too."""
    found = {}
    for part in [document["root"], *document["components"].values()]:
        found |= part.get("dag", {}).get("tasks", {})
    return found


def write_golden(folder, documents):
    for file in folder.glob("*.yaml"):
        file.unlink()
    folder.mkdir(exist_ok=True)
    for name, each in documents.items():
        text = yaml.safe_dump(each, sort_keys=False, width=116, allow_unicode=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", COMPILERS)
def test_the_pipeline_is_the_golden_one(name, tmp_path):
    COMPILERS[name](PLACE, tmp_path / "pipeline.yaml")
    documents = canonical(*read(tmp_path / "pipeline.yaml"))
    folder = FOLDER / name
    if os.environ.get("TENURE_GOLDEN") == "write":
        write_golden(folder, documents)
    golden = {file.stem: read(file)[0] for file in folder.glob("*.yaml")}
    assert documents == golden, "the compiled pipeline changed; if that is wanted: make golden"


@pytest.mark.parametrize("name", ["scoring", "monitoring"])
def test_a_table_of_every_day_is_never_taken_from_the_cache(name, tmp_path):
    COMPILERS[name](cluster(IMAGE), tmp_path / "pipeline.yaml")
    document, platform = read(tmp_path / "pipeline.yaml")
    found = {
        task: each
        for task, each in tasks(document).items()
        if f"exec-{task}" in document["deploymentSpec"]["executors"]
    }
    assert {"champion", "notify"} < set(found)
    assert not any(each.get("cachingOptions", {}).get("enableCache") for each in found.values())
    pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert all(pods[f"exec-{task}"]["securityContext"] == {"runAsNonRoot": True} for task in found)
    assert all(container["image"] == IMAGE for container in executors(document).values())


def test_every_step_runs_in_the_image_with_its_resources_and_installs_nothing(document):
    found = executors(document)
    assert len(found) == 14
    for name, container in found.items():
        assert container["image"] == (ROLLOUT_IMAGE if name == "deploy" else IMAGE)
        assert not any("pip install" in part for part in container["command"]), name
        expected = step_specs()[name.replace("-", "_")].resources
        assert container["resources"]["resourceMemoryLimit"] == container["resources"]["resourceMemoryRequest"]
        assert container["resources"]["resourceMemoryLimit"] == expected.memory


def test_what_asks_the_outside_is_never_taken_from_the_cache(document):
    cached = {
        name: each.get("cachingOptions", {}).get("enableCache", False)
        for name, each in tasks(document).items()
        if f"exec-{name}" in document["deploymentSpec"]["executors"]
    }
    assert {name for name, is_cached in cached.items() if not is_cached} == {
        "observe",
        "register",
        "track",
        "deploy",
        "notify",
    }


def made_from(document, name):
    """The tasks whose results reach a task, directly or through others: what Kubeflow's cache key of it stands on."""
    found, todo = set(), [name]
    while todo:
        inputs = tasks(document)[todo.pop()].get("inputs", {})
        for each in [*inputs.get("artifacts", {}).values(), *inputs.get("parameters", {}).values()]:
            for kind in ("taskOutputArtifact", "taskOutputParameter"):
                producer = each.get(kind, {}).get("producerTask")
                # A result that leaves a loop comes from the loop; the compiler names its tasks in its own component.
                if producer is not None and producer not in found:
                    found.add(producer)
                    todo.append(producer)
    return found


TRAINING_STEPS = ("ingest", "validate", "feature", "train")


def test_another_day_has_nothing_computed_again_but_what_asks_how_old_the_rows_are(document):
    """The day is a parameter of one task, and no task that trains takes anything from that one."""
    dated = {name for name, each in tasks(document).items() if "as_of" in each.get("inputs", {}).get("parameters", {})}
    assert dated == {"check-drift"}
    inside = document["components"][tasks(document)["for-loop-2"]["componentRef"]["name"]]["dag"]["tasks"]
    assert "as_of" not in str(inside["tune"]["inputs"])
    for step in TRAINING_STEPS:
        assert "check-drift" not in made_from(document, step), step
    assert "check-drift" in made_from(document, "evaluate")


def test_a_promotion_has_nothing_computed_again_but_what_compares_with_the_champion(document):
    """Kubeflow tells artifacts apart by number: what takes the champion's anew is run again, and all after it."""
    for step in TRAINING_STEPS:
        assert "champion" not in made_from(document, step), step
    inside = document["components"][tasks(document)["for-loop-2"]["componentRef"]["name"]]["dag"]["tasks"]
    assert "champion" not in str(inside["tune"]["inputs"])
    for step in ("check-drift", "evaluate"):
        assert "champion" in made_from(document, step), step


def test_what_people_look_at_is_shown_on_the_run_s_page(document):
    shown = {
        name.removeprefix("comp-"): {
            artifact["artifactType"]["schemaTitle"].removeprefix("system.")
            for artifact in component["outputDefinitions"]["artifacts"].values()
        }
        for name, component in document["components"].items()
        if "artifacts" in component.get("outputDefinitions", {})
    }
    assert {"Metrics", "HTML"} <= shown["validate"]
    assert {"Metrics", "Markdown"} <= shown["check-drift"]
    assert {"Metrics", "ClassificationMetrics", "HTML", "Markdown"} <= shown["evaluate"]


def test_no_run_id_reaches_a_cached_step(document):
    for name, each in tasks(document).items():
        takes = each.get("inputs", {}).get("parameters", {})
        if (
            each.get("cachingOptions", {}).get("enableCache")
            and f"exec-{name}" in document["deploymentSpec"]["executors"]
        ):
            assert "run_id" not in takes, name


def test_nothing_is_registered_before_it_was_served(document):
    register = tasks(document)["register"]
    assert register["inputs"]["artifacts"]["serving"]["taskOutputArtifact"]["producerTask"] == "check-serving"


def test_a_registered_version_goes_out_where_a_service_is_named_and_nowhere_else(document):
    found, parts = tasks(document), document["components"]
    parameters = document["root"]["inputDefinitions"]["parameters"]
    assert (parameters["service"]["defaultValue"], parameters["namespace"]["defaultValue"]) == ("", "tenure")

    def inside(name):
        return parts[found[name]["componentRef"]["name"]]["dag"]["tasks"]

    groups = [name for name in found if "dag" in parts[found[name]["componentRef"]["name"]]]
    (go,) = [name for name in groups if "register" in inside(name)]
    (branch,) = [name for name, each in inside(go).items() if name not in {"register", "check-serving"}]
    assert list(inside(branch)) == ["deploy"]
    # Kubeflow lists branches beside steps: what is called like a step is taken for it.
    assert inside(go)[branch]["taskInfo"]["name"] == "service named"
    (service,) = [
        name
        for name, each in inside(go)[branch]["inputs"]["parameters"].items()
        if each.get("componentInputParameter") == "pipelinechannel--service"
    ]
    condition = inside(go)[branch]["triggerPolicy"]["condition"]
    assert condition == f"inputs.parameter_values['{service}'] != ''"
    assert inside(go)[branch]["dependentTasks"] == ["register"]
    given = found["deploy"]["inputs"]["parameters"]
    assert set(given) == {"service", "namespace", "version", "model", "run_id"}
    for name in ("version", "model"):
        channel = given[name]["componentInputParameter"]
        handed_on = inside(go)[branch]["inputs"]["parameters"][channel]["taskOutputParameter"]
        assert handed_on == {"outputParameterKey": name, "producerTask": "register"}


def settled(container):
    """A step's container without what a place settles."""
    return {key: value for key, value in container.items() if key not in ("image", "resources", "env")}


def test_laptop_and_cluster_run_the_same_steps_in_the_same_order(tmp_path, document):
    compile_training(local("0123456789ab"), tmp_path / "local.yaml")
    here = read(tmp_path / "local.yaml")[0]
    steps, there = executors(here), executors(document)
    assert set(there) - set(steps) == {"observe", "deploy", "notify"}
    for name, container in steps.items():
        assert settled(container) == settled(there[name])

    def shape(document, name):
        each = tasks(document)[name]
        # The compiler numbers loops through all groups, and the exit handler is one.
        text = re.sub(r"for-loop-\d+", "for-loop", str(each.get("inputs", {}).get("artifacts", {})))
        after = {re.sub(r"for-loop-\d+", "for-loop", task) for task in each.get("dependentTasks", ())}
        return sorted(after - {"observe"}), text

    for name in steps:
        assert shape(here, name) == shape(document, name), name


def test_what_differs_between_two_runs_of_a_schedule_is_looked_up_by_the_run(document):
    found = tasks(document)
    for step, parameter in {"ingest": "fingerprint", "check-drift": "as_of", "champion": "seen"}.items():
        source = found[step]["inputs"]["parameters"][parameter]
        assert source["taskOutputParameter"]["producerTask"] == "observe", step
    for step in ("register", "track", "deploy", "notify"):
        constant = found[step]["inputs"]["parameters"]["run_id"]["runtimeValue"]["constant"]
        assert constant == "{{$.pipeline_job_uuid}}"
    assert "{{$.pipeline_job_uuid}}" not in str({name: found[name] for name in ("ingest", "tune", "train")})


def test_the_exit_handler_runs_whatever_happened(document):
    notify = document["root"]["dag"]["tasks"]["notify"]
    (handled,) = notify["dependentTasks"]
    assert notify["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"
    assert notify["inputs"]["parameters"]["status"]["taskFinalStatus"]["producerTask"] == handled
    inside = document["components"][document["root"]["dag"]["tasks"][handled]["componentRef"]["name"]]["dag"]["tasks"]
    assert {"observe", "ingest", "evaluate"} <= set(inside)


def test_every_pod_has_a_deadline_no_root_and_no_more_secrets_than_it_needs(compiled, document):
    pods = read(compiled)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert {name.removeprefix("exec-") for name in pods} == set(executors(document))
    secrets = {}
    for name, pod in pods.items():
        assert pod["securityContext"] == {"runAsNonRoot": True}
        # By which k8s/components/step-pods knows it.
        assert pod["podMetadata"] == {"labels": {"app.kubernetes.io/component": "tenure-step"}}
        assert int(pod["activeDeadlineSeconds"]) > 0
        secrets[name.removeprefix("exec-")] = {secret["secretName"] for secret in pod.get("secretAsEnv", [])}
    store, registry = {"tenure-object-store"}, {"kfp-mlflow-credentials"}
    known = yaml.safe_load((ROOT / "k8s" / "secrets.yaml").read_text(encoding="utf-8"))
    listed = {secret["name"] for secret in known["secrets"]}
    assert set().union(*secrets.values()) <= listed
    assert {name: taken for name, taken in secrets.items() if taken} == {
        **dict.fromkeys(("observe", "track"), store | registry),
        "champion": store | registry | {"tenure-trust"},
        "register": store | registry | {"tenure-signing-key"},
        "ingest": store,
        "deploy": registry,
        "tune": {"tenure-study-database"},
        "notify": {"tenure-alerts"},
    }


def test_a_task_is_tried_again_with_growing_pauses_but_not_the_last_one(compiled, document):
    pods = read(compiled)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    for name, each in tasks(document).items():
        if f"exec-{name}" in document["deploymentSpec"]["executors"] and name != "notify":
            policy = each["retryPolicy"]
            assert (policy["maxRetryCount"], policy["backoffDuration"], policy["backoffFactor"]) == (2, "30s", 2)
            # Argo's limit is for all tries together, from the first one's start: every try may take its whole time.
            timeout_s = int(pods[f"exec-{name}"]["activeDeadlineSeconds"])
            assert int(policy["backoffMaxDuration"].removesuffix("s")) >= 3 * timeout_s + 30 + 60
    assert "retryPolicy" not in tasks(document)["notify"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "training.yaml").mkdir()
    with pytest.raises(OSError, match="training"):
        compile_training(cluster(IMAGE), tmp_path / "training.yaml")
    assert [file.name for file in tmp_path.iterdir()] == ["training.yaml"]
