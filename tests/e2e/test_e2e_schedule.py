"""Recurring runs: the clock starts one, in pods, and none after the schedule is deleted."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from e2e_gateway import until
from e2e_settings import ROOT, Settings

from pipelines.cluster.kubeflow import Kubeflow

EVERY_MINUTE = "0 * * * * *"
NAME = "tenure-e2e-recurring"
BEGIN_S, RUN_S = 300, 1800


def schedule(settings: Settings, *more: str) -> subprocess.CompletedProcess[str]:
    """``tenure schedule``."""
    settings.need(kfp_endpoint=settings.kfp_endpoint)
    command = [sys.executable, "-m", "pipelines.cli", "schedule", *more, "--endpoint", settings.kfp_endpoint, "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


@pytest.fixture
def data(settings: Settings) -> list[str]:
    """Where the scheduled runs find the table: a schedule copies none, for its runs want the table of their own day."""
    import fsspec

    if "--data" in settings.submit_flags:
        return list(settings.submit_flags)
    settings.need(bundles=settings.bundles)
    table = next(settings.dataset.glob("*.csv"))
    filesystem, folder = fsspec.core.url_to_fs(settings.bundles)
    filesystem.put_file(str(table), f"{folder}/recurring/{table.name}")
    return ["--data", f"{settings.bundles}/recurring/{table.name}", *settings.submit_flags]


@pytest.fixture
def deleted_afterwards(settings: Settings) -> Iterator[None]:
    yield
    schedule(settings, "--delete", NAME)


@pytest.mark.usefixtures("deleted_afterwards")
def test_a_schedule_starts_runs_until_it_is_deleted(settings: Settings, data: list[str]) -> None:
    from kfp import Client

    settings.need(pipeline_image=settings.pipeline_image)
    what = ["--pipeline", "monitoring", "--image", settings.pipeline_image, "--name", NAME, *data]
    made = schedule(settings, str(settings.dataset), "--cron", EVERY_MINUTE, *what)
    assert made.returncode == 0, made.stderr
    schedule_id = json.loads(made.stdout)["id"]
    client = Client(host=settings.kfp_endpoint)

    def started() -> list[str]:
        newest = client.list_runs(sort_by="created_at desc", page_size=50).runs or []
        return [run.run_id for run in newest if run.recurring_run_id == schedule_id]

    until("the clock has started a run", started, BEGIN_S, every_s=5)
    first = started()[-1]
    ended = Kubeflow.connect(settings.kfp_endpoint).follow(first, lambda state: None, RUN_S)
    assert ended.state == "SUCCEEDED", ended

    again = schedule(settings, str(settings.dataset), "--cron", EVERY_MINUTE, *what)
    assert json.loads(again.stdout)["id"] == schedule_id, "the same said twice made another schedule"
    assert schedule(settings, "--delete", NAME).returncode == 0
    assert NAME not in schedule(settings, "--list").stdout
    # One that had begun when the schedule was deleted may appear yet; the minutes after that bring none.
    time.sleep(20)
    before = started()
    time.sleep(130)
    assert started() == before
