"""Compiled pipelines against golden files, as parsed documents; ``make golden`` rewrites them after a wanted change."""

import os
from pathlib import Path

import pytest
import yaml

from pipelines.compilation import compile_training
from pipelines.settings import CLUSTER_RESOURCES, cluster, local

GOLDEN = Path(__file__).parent / "training.yaml"
IMAGE = "registry.example.com/tenure-pipeline-python:4f2c1a9"


def read(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("compiled") / "training.yaml"
    compile_training(cluster(IMAGE), path)
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


def test_the_training_pipeline_is_the_golden_one(compiled):
    if os.environ.get("TENURE_GOLDEN") == "write":
        GOLDEN.write_bytes(compiled.read_bytes())
    assert read(compiled) == read(GOLDEN), "the compiled pipeline changed; if that is wanted: make golden"


def test_every_step_runs_in_the_image_with_its_resources_and_installs_nothing(document):
    found = executors(document)
    assert len(found) == 10
    for name, container in found.items():
        assert container["image"] == IMAGE
        assert not any("pip install" in part for part in container["command"]), name
        expected = CLUSTER_RESOURCES[name.replace("-", "_")]
        assert container["resources"]["resourceMemoryLimit"] == container["resources"]["resourceMemoryRequest"]
        assert container["resources"]["resourceMemoryLimit"] == expected.memory


def test_what_asks_the_outside_is_never_taken_from_the_cache(document):
    cached = {
        name: each.get("cachingOptions", {}).get("enableCache", False)
        for name, each in tasks(document).items()
        if f"exec-{name}" in document["deploymentSpec"]["executors"]
    }
    assert {name for name, is_cached in cached.items() if not is_cached} == {"champion", "register", "track"}


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


def test_laptop_and_cluster_differ_in_settings_alone(tmp_path, document):
    compile_training(local("0123456789ab"), tmp_path / "local.yaml")
    here, there = read(tmp_path / "local.yaml")[0], document
    for name, container in executors(here).items():
        other = executors(there)[name]
        assert {**container, "image": ""} == {
            key: value for key, value in {**other, "image": ""}.items() if key != "resources"
        }
    for each in [*tasks(there).values()]:
        each.pop("retryPolicy", None)
    assert tasks(here) == tasks(there)
    assert here["root"] == there["root"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "training.yaml").mkdir()
    with pytest.raises(OSError, match="training"):
        compile_training(cluster(IMAGE), tmp_path / "training.yaml")
    assert [file.name for file in tmp_path.iterdir()] == ["training.yaml"]
