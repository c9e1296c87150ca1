"""Request bodies that create a run or a recurring run in Kubeflow.

kfp's client has no argument for the input of plugins, so the bodies are built here from the API's models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from kfp_server_api import V2beta1RecurringRun, V2beta1Run


@dataclass(frozen=True)
class Submission:
    """A run to create."""

    package: Path
    """The compiled pipeline."""
    arguments: Mapping[str, Any]
    experiment: str
    """Experiment in Kubeflow, and in MLflow if Kubeflow's plugin creates the runs there; without it the plugin uses one
    experiment for all runs, "KFP-Default"."""
    run_name: str
    service_account: str | None = None


def run_body(submission: Submission, experiment_id: str) -> V2beta1Run:
    """Body of a run that starts now."""
    from kfp_server_api import V2beta1Run

    plugins = {"mlflow": {"experiment_name": submission.experiment}}
    return V2beta1Run(display_name=submission.run_name, plugins_input=plugins, **_common(submission, experiment_id))


def recurring_run_body(submission: Submission, experiment_id: str, cron: str, description: str) -> V2beta1RecurringRun:
    """Body of a recurring run, which runs one at a time and does not catch up on missed times.

    It has no input for plugins: with one, Kubeflow 2.17.0 stores no graph with the schedule, and each of its runs fails
    for want of an uploaded pipeline. The steps set MLflow's experiment themselves.
    """
    from kfp_server_api import RecurringRunMode, V2beta1CronSchedule, V2beta1RecurringRun, V2beta1Trigger

    return V2beta1RecurringRun(
        display_name=submission.run_name,
        description=description,
        mode=RecurringRunMode.ENABLE,
        trigger=V2beta1Trigger(cron_schedule=V2beta1CronSchedule(cron=cron)),
        max_concurrency=1,
        no_catchup=True,
        **_common(submission, experiment_id),
    )


def _common(submission: Submission, experiment_id: str) -> dict[str, Any]:
    from kfp_server_api import V2beta1RuntimeConfig

    # The compiler writes the graph, then a document of the settings that are specific to Kubernetes.
    with submission.package.open(encoding="utf-8") as file:
        graph, *platform = yaml.safe_load_all(file)
    return {
        "experiment_id": experiment_id,
        "pipeline_spec": {"pipeline_spec": graph, "platform_spec": platform[0]} if platform else graph,
        "runtime_config": V2beta1RuntimeConfig(parameters=dict(submission.arguments)),
        "service_account": submission.service_account,
    }
