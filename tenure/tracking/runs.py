"""Logs a training run to MLflow: parameters, metrics, versions and reports."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.tasks import each
from tenure.tracking.client import connect, mlflow_errors
from tenure.tracking.location import Location

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_TAG = "tenure.run_id"
MLFLOW_RUN_VARIABLE = "MLFLOW_RUN_ID"
"""Set by Kubeflow Pipelines' MLflow plugin, which opens and closes the run."""

MLFLOW_EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_ID"
"""Set by the same plugin: the experiment of the pipeline."""

FAMILY_METRICS = tuple(dict.fromkeys(metric for task in each() for metric in task.texts.family_metrics))
"""Of every family that was tried."""


def log_run(location: Location, evaluation: Mapping[str, Any], *, run_id: str, files: Sequence[Path]) -> str:
    """Log an evaluated run; logging the same ``run_id`` again updates it.

    Returns:
        MLflow's id of the run.

    Args:
        evaluation: the content of ``evaluation.json``; its ``name`` is the name of the experiment.
        run_id: Tenure's id of the run.
        files: reports to keep with the run; those that do not exist are left out.

    Raises:
        SourceError, StorageError: as ``tenure.tracking.client.mlflow_errors``.
    """
    client = connect(location)
    with mlflow_errors(location):
        experiment_id = _experiment(client, location, str(evaluation["name"]))
        mlflow_run_id = _run(client, experiment_id, run_id)
        _log(client, mlflow_run_id, evaluation)
        for file in files:
            if file.is_file():
                client.log_artifact(mlflow_run_id, str(file))
        if mlflow_run_id != os.environ.get(MLFLOW_RUN_VARIABLE):
            client.set_terminated(mlflow_run_id, "FINISHED")
        return mlflow_run_id


def _experiment(client: MlflowClient, location: Location, name: str) -> str:
    given = os.environ.get(MLFLOW_EXPERIMENT_VARIABLE)
    if given:
        return given
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    root = location.artifact_root
    return client.create_experiment(name, artifact_location=None if root is None else (root / name).as_uri())


def _run(client: MlflowClient, experiment_id: str, run_id: str) -> str:
    opened = os.environ.get(MLFLOW_RUN_VARIABLE)
    if opened:
        client.set_tag(opened, RUN_TAG, run_id)
        return opened
    found = client.search_runs([experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    return str(client.create_run(experiment_id, tags={RUN_TAG: run_id}, run_name=run_id).info.run_id)


def _log(client: MlflowClient, mlflow_run_id: str, evaluation: Mapping[str, Any]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now_ms = int(time.time() * 1000)
    numbers = dict(_flat("", evaluation["metrics"]))
    for family in evaluation["families"]:
        for metric in FAMILY_METRICS:
            numbers |= dict(_flat(f"family.{family['family']}.", {metric: family["metrics"].get(metric) or {}}))
    parameters = {
        "family": evaluation["chosen"]["family"],
        "threshold": evaluation["chosen"]["threshold"],
        **{f"rows_{part}": count for part, count in evaluation["rows"].items() if count is not None},
        **{name: evaluation["versions"][name] for name in ("data_hash", "contract_hash", "bundle_version")},
    }
    tags = {
        "tenure.verdict": evaluation["verdict"]["state"],
        "tenure.verdict.summary": evaluation["verdict"]["summary"],
        "tenure.period": evaluation["business"]["period"],
        "tenure.default_business_values": ", ".join(evaluation["business"]["defaults"]),
    }
    client.log_batch(
        mlflow_run_id,
        metrics=[Metric(name, value, now_ms, 0) for name, value in numbers.items()],
        params=[Param(name, str(value)) for name, value in parameters.items()],
        tags=[RunTag(name, value) for name, value in tags.items() if value],
    )


def _flat(prefix: str, metrics: Mapping[str, Mapping[str, float | None]]) -> list[tuple[str, float]]:
    """``roc_auc``, ``roc_auc.low`` and ``roc_auc.high``, those that are defined."""
    named = {"value": "", "low": ".low", "high": ".high"}
    return [
        (f"{prefix}{name}{suffix}", float(value))
        for name, estimate in metrics.items()
        for part, suffix in named.items()
        if (value := estimate.get(part)) is not None
    ]
