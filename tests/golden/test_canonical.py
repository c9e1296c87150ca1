"""The short form of a compiled pipeline shows every change of it."""

import pytest
import yaml
from canonical import canonical

from pipelines.graphs.compilation import compile_training
from pipelines.graphs.settings import cluster

RUN = "components/comp-exit-handler-1/dag/tasks"
LOOP = f"{RUN}/for-loop-2"
FEATURES = "pipelinechannel--feature-features"
CHAMPION = "components/comp-champion/inputDefinitions/parameters/seen"
RAW = "components/comp-ingest/outputDefinitions/artifacts/raw"
GO = "components/comp-condition-branches-3/dag/tasks/condition-5"
GIVEN = "root/dag/tasks/exit-handler-1/inputs/parameters"
TUNE = "deploymentSpec/executors/exec-tune/container"
POD = "platforms/kubernetes/deploymentSpec/executors/exec-champion"
COMPILED, PLATFORM = 0, 1


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "training.yaml"
    compile_training(cluster("registry.example.com/pipeline:1"), path)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def documents(text):
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def set_at(document, path, value):
    """Another value at a path; without one what is there goes."""
    *way, last = path.split("/")
    for key in way:
        document = document[int(key) if isinstance(document, list) else key]
    last = int(last) if isinstance(document, list) else last
    if value is None:
        del document[last]
    else:
        assert isinstance(document, list) or document.get(last) != value
        document[last] = value


@pytest.mark.parametrize(
    ("place", "path", "value"),
    [
        (COMPILED, f"{TUNE}/image", "another"),
        (COMPILED, f"{TUNE}/resources/resourceMemoryLimit", "8Gi"),
        (COMPILED, f"{TUNE}/resources/resourceCpuRequest", "1"),
        (COMPILED, f"{TUNE}/env/0/value", "another"),
        (COMPILED, f"{TUNE}/env/0", None),
        (COMPILED, f"{TUNE}/command/1", "-c"),
        (COMPILED, f"{TUNE}/command/2", "pip install tenure; python3"),
        (COMPILED, f"{TUNE}/command/3", "import another\n\ndef tune():\n    pass\n"),
        (COMPILED, f"{TUNE}/args/2", "another"),
        (COMPILED, f"{RUN}/champion/cachingOptions", {}),
        (COMPILED, f"{RUN}/champion/retryPolicy/maxRetryCount", 3),
        (COMPILED, f"{RUN}/champion/retryPolicy/backoffMaxDuration", "1s"),
        (COMPILED, f"{RUN}/champion/retryPolicy", None),
        (COMPILED, f"{RUN}/champion/inputs/parameters/seen/taskOutputParameter/outputParameterKey", "as_of"),
        (COMPILED, f"{RUN}/champion/inputs/parameters/seen", None),
        (COMPILED, f"{RUN}/champion/inputs/parameters/seen", {"runtimeValue": {"constant": "7"}}),
        (COMPILED, f"{RUN}/champion/inputs/parameters/contract/componentInputParameter", "pipelinechannel--service"),
        (COMPILED, f"{RUN}/check-drift/dependentTasks", ["champion"]),
        (COMPILED, f"{LOOP}/dependentTasks", None),
        (COMPILED, f"{LOOP}/parameterIterator/items/inputParameter", "pipelinechannel--service"),
        (COMPILED, f"{LOOP}/iteratorPolicy", {"parallelismLimit": 1}),
        (
            COMPILED,
            f"{LOOP}/inputs/artifacts/pipelinechannel--feature-features/taskOutputArtifact/producerTask",
            "ingest",
        ),
        (COMPILED, f"{GO}/triggerPolicy/condition", "inputs.parameter_values['pipelinechannel--service'] == true"),
        (COMPILED, f"{GO}/triggerPolicy", None),
        (COMPILED, f"{CHAMPION}/parameterType", "LIST"),
        (COMPILED, f"{CHAMPION}/defaultValue", "x"),
        (COMPILED, f"{RAW}/artifactType/schemaTitle", "system.Model"),
        (COMPILED, "root/inputDefinitions/parameters/workers/defaultValue", [0]),
        (COMPILED, "root/dag/tasks/notify/triggerPolicy/strategy", "ANY"),
        (
            COMPILED,
            "root/dag/tasks/exit-handler-1/inputs/parameters/pipelinechannel--service",
            {"runtimeValue": {"constant": ""}},
        ),
        (COMPILED, "sdkVersion", "kfp-1"),
        (PLATFORM, f"{POD}/activeDeadlineSeconds", "1"),
        (PLATFORM, f"{POD}/securityContext/runAsNonRoot", False),
        (PLATFORM, f"{POD}/securityContext", None),
        (PLATFORM, f"{POD}/podMetadata/labels", None),
        (PLATFORM, f"{POD}/secretAsEnv/0/optional", False),
        (PLATFORM, f"{POD}/secretAsEnv/0/keyToEnv/0/secretKey", "another"),
        (PLATFORM, f"{POD}/secretAsEnv", None),
    ],
)
def test_a_change_shows(documents, place, path, value):
    before = canonical(*documents)
    set_at(documents[place], path, value)
    assert canonical(*documents) != before


@pytest.mark.parametrize(
    ("place", "path", "value"),
    [
        (COMPILED, f"{TUNE}/lifecycle", {"preCacheCheck": {}}),
        (COMPILED, f"{TUNE}/resources/accelerator", {"count": "1"}),
        (COMPILED, f"{RUN}/champion/unheard", "of"),
        (COMPILED, f"{RUN}/champion/taskInfo/name", "another"),
        (COMPILED, f"{RUN}/champion/inputs/parameters/unheard", {"runtimeValue": {"constant": "7"}}),
        (COMPILED, f"{LOOP}/inputs/artifacts/{FEATURES}", {"unheard": "of"}),
        (COMPILED, "components/comp-unheard", {"executorLabel": "exec-champion"}),
        (COMPILED, "deploymentSpec/unheard", {"of": 1}),
        (COMPILED, f"{TUNE}/command/3", "def another():\n    pass\n"),
        (PLATFORM, f"{POD}/tolerations", [{"key": "gpu"}]),
        (PLATFORM, f"{POD}/podMetadata/annotations", {"un": "heard"}),
        (PLATFORM, f"{POD}/secretAsEnv/0/secretNameParameter/runtimeValue/constant", "another"),
        (PLATFORM, "platforms/another", {"deploymentSpec": {"executors": {"exec-tune": {"a": 1}}}}),
    ],
)
def test_a_part_without_a_place_in_the_short_form_is_an_error(documents, place, path, value):
    set_at(documents[place], path, value)
    with pytest.raises(ValueError, match=r"has no place for|second name|another name|does not define"):
        canonical(*documents)


def test_the_compilers_numbers_and_descriptions_do_not_show(documents, text):
    renumbered = text.replace("for-loop-2", "for-loop-7").replace("condition-5", "condition-9")
    described = renumbered.replace("description: the contract, YAML text.", "description: another.")
    assert described.count("another") > 5
    assert canonical(*yaml.load_all(described, Loader=yaml.CSafeLoader)) == canonical(*documents)
