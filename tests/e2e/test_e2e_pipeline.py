"""The training pipeline on Kubeflow: it passes, its second run comes from the cache, and restarts do not break it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from typing import Any

from e2e_cluster import Cluster
from e2e_gateway import until
from e2e_settings import ROOT, Settings

RUN_S = 3600


def submit(settings: Settings) -> subprocess.CompletedProcess[str]:
    """``tenure submit``, waiting for the run's end."""
    settings.need(kfp_endpoint=settings.kfp_endpoint, pipeline_image=settings.pipeline_image)
    command = [sys.executable, "-m", "pipelines.cli", "submit", str(settings.dataset)]
    command += ["--endpoint", settings.kfp_endpoint, "--image", settings.pipeline_image]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False, cwd=ROOT)


def run_id(result: subprocess.CompletedProcess[str]) -> str:
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", result.stdout + result.stderr)
    assert found, f"no run id in: {result.stdout[-500:]}"
    return found[0]


def work_pods(settings: Settings, cluster: Cluster, run: str) -> list[str]:
    """Pods that did a step's work; a step from the cache has a driver and no such pod."""
    pods: list[Any] = cluster.pods(f"pipeline/runid={run}", settings.kfp_namespace)
    return [pod.metadata.name for pod in pods if "-impl-" in pod.metadata.name]


def test_a_run_passes_and_the_second_comes_from_the_cache(settings: Settings, cluster: Cluster) -> None:
    first = submit(settings)
    assert first.returncode == 0, first.stdout[-2000:] + first.stderr[-2000:]
    began = time.monotonic()
    second = submit(settings)
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr[-2000:]
    print(f"second run: {time.monotonic() - began:.0f} s")
    worked = work_pods(settings, cluster, run_id(second))
    # What asks the registry, or changes it, is never cached; everything that computes is.
    assert len(worked) < len(work_pods(settings, cluster, run_id(first))) or not worked
    assert not [name for name in worked if re.search(r"ingest|tune|train", name)]


def test_restarts_of_mlflow_and_its_database_do_not_break_a_run(settings: Settings, cluster: Cluster) -> None:
    settings.need(kfp_endpoint=settings.kfp_endpoint, pipeline_image=settings.pipeline_image)
    results: list[subprocess.CompletedProcess[str]] = []
    waiting = threading.Thread(target=lambda: results.append(submit(settings)))

    def running() -> int:
        pods = cluster.core.list_namespaced_pod(settings.kfp_namespace, field_selector="status.phase=Running").items
        return len([pod for pod in pods if "pipeline/runid" in (pod.metadata.labels or {})])

    waiting.start()
    until("the run has begun", running, 600)
    cluster.restart(settings.mlflow_workload, settings.platform_namespace)
    if settings.database_workload:
        cluster.restart(settings.database_workload, settings.platform_namespace)
    waiting.join(RUN_S)
    assert results, "the run did not end"
    assert results[0].returncode == 0, results[0].stdout[-2000:] + results[0].stderr[-2000:]
