"""The pipelines on Kubeflow: they pass, a second training comes from the cache, and restarts do not break a run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from e2e_cluster import Cluster, rollout
from e2e_gateway import until
from e2e_settings import ROOT, Settings

from pipelines.cluster.kubeflow import Kubeflow
from pipelines.cluster.run_states import NOT_BLESSED, REGISTERED
from pipelines.cluster.workflow import Workflow
from tenure.errors import VerdictError

RUN_S = 3600
COMPUTED = {"ingest", "validate", "feature", "tune", "train"}
"""Steps that a second run of the same takes from the cache, whatever the first one promoted."""


def submit(settings: Settings, *more: str, dataset: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``tenure submit``."""
    settings.need(kfp_endpoint=settings.kfp_endpoint, pipeline_image=settings.pipeline_image)
    command = [sys.executable, "-m", "pipelines.cli", "submit", str(dataset or settings.dataset), "--json"]
    command += [*settings.submit_flags, "--endpoint", settings.kfp_endpoint, "--image", settings.pipeline_image, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False, cwd=ROOT)


def succeeded(result: subprocess.CompletedProcess[str]) -> str:
    """The run's id."""
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return json.loads(result.stdout)["run_id"]


def trained(result: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    """The run's id and the step that told the verdict, which the exit status must agree with.

    Whether the model is better than the champion, which may be the same one, is not what these tests are about.
    """
    endings = {0: REGISTERED, VerdictError.exit_status: NOT_BLESSED}
    assert result.returncode in endings, result.stdout[-2000:] + result.stderr[-2000:]
    return json.loads(result.stdout)["run_id"], endings[result.returncode]


@pytest.fixture(scope="session")
def kubeflow(settings: Settings) -> Kubeflow:
    settings.need(kfp_endpoint=settings.kfp_endpoint)
    return Kubeflow.connect(settings.kfp_endpoint)


def pods_of(kubeflow: Kubeflow, run_id: str) -> Workflow:
    found = kubeflow.workflow(run_id)
    assert found is not None, "Kubeflow does not tell of the run's workflow"
    return found


def test_a_run_passes_and_the_second_comes_from_the_cache(settings: Settings, kubeflow: Kubeflow) -> None:
    first, told = trained(submit(settings))
    assert told in pods_of(kubeflow, first).succeeded
    began = time.monotonic()
    second, told = trained(submit(settings))
    print(f"second run: {time.monotonic() - began:.0f} s")
    # What asks the registry, or changes it, is never cached; everything that computes is.
    worked = pods_of(kubeflow, second).worked
    assert not worked & COMPUTED
    assert {"observe", told, "notify"} <= worked


def test_without_the_cache_every_step_works(settings: Settings, cluster: Cluster, kubeflow: Kubeflow) -> None:
    """And MLflow and its database may be restarted meanwhile: during the search, whose studies lie in the database."""
    # Another number of trials than before: a search that is done already would ask the database once.
    run_id = succeeded(submit(settings, "--no-cache", "--no-wait", "--trials", "9"))

    def searching() -> bool:
        found = kubeflow.workflow(run_id)  # None where Kubeflow is too busy to tell
        pods = () if found is None else found.pods
        return any(pod.step == "tune" and pod.phase == "Running" and not pod.is_driver for pod in pods)

    until("the search has begun", searching, RUN_S, every_s=5)
    cluster.restart(settings.mlflow_workload, settings.platform_namespace)
    if settings.database_workload:
        cluster.restart(settings.database_workload, settings.platform_namespace)
    assert not kubeflow.state(run_id).has_ended, "the run was over before the restarts"
    ended = kubeflow.follow(run_id, lambda state: None, RUN_S)
    pods = pods_of(kubeflow, run_id)
    # Whether the model of other trials is the better one is not what is tested.
    assert ended.state == "SUCCEEDED", pods.failed
    assert pods.succeeded & {REGISTERED, NOT_BLESSED}
    assert pods.worked >= COMPUTED


def test_a_registered_version_goes_out_on_the_service_that_was_named(
    settings: Settings, service: Cluster, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    """From the table to a canary's pods. A model that nobody has registered yet has no champion to beat."""
    dataset = shutil.copytree(settings.dataset, tmp_path / "dataset")
    contract = dataset / "contract.yaml"
    named, count = re.subn(r"(?m)^name: .*$", f"name: tenure-e2e-{time.time():.0f}", contract.read_text("utf-8"))
    assert count == 1
    contract.write_text(named, "utf-8")
    settings.need(rollout_image=settings.rollout_image)
    deploy = ("--deploy", settings.service, "--deploy-namespace", settings.namespace)
    deploy += ("--rollout-image", settings.rollout_image)
    run_id = succeeded(submit(settings, *deploy, dataset=dataset))
    assert {REGISTERED, "deploy"} <= pods_of(kubeflow, run_id).succeeded
    begun = json.loads(rollout(settings, "status", "--json").stdout)
    assert (begun["plan"]["who"], begun["plan"]["why"]) == ("pipeline", f"registered by run {run_id}")
    backend = f"{settings.service}-{begun['plan']['canary']}-predictor"
    until("the canary gets its first share", lambda: service.route_weights().get(backend), 600)


def test_the_champion_scores_the_table(settings: Settings, kubeflow: Kubeflow) -> None:
    run_id = succeeded(submit(settings, "--pipeline", "scoring"))
    assert "score" in pods_of(kubeflow, run_id).succeeded


def test_the_training_table_gives_no_cause_to_train_anew(settings: Settings, kubeflow: Kubeflow) -> None:
    run_id = succeeded(submit(settings, "--pipeline", "monitoring"))
    assert "monitor" in pods_of(kubeflow, run_id).succeeded


def test_a_failed_run_says_which_step_and_why(settings: Settings) -> None:
    """A table that is not there, in the bucket that is."""
    settings.need(bundles=settings.bundles)
    lost = f"{settings.bundles}/no-such-table.csv"
    result = submit(settings, "--data", lost)
    assert result.returncode == 1, result.stdout[-2000:] + result.stderr[-2000:]
    assert f"step observe failed: no such file: {lost}" in result.stderr.splitlines()[-1]
