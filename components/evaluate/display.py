"""The evaluation as Kubeflow Pipelines shows it on a run's page: metrics, confusion matrix, ROC curve, report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

from tenure.contract.settings import Task

SHOWN: dict[Task, tuple[str, ...]] = {
    "classification": (
        "roc_auc",
        "average_precision",
        "precision",
        "recall",
        "f1",
        "brier",
        "calibration_error",
        "profit_per_day",
    ),
    "regression": ("rmse", "mae", "r2", "mape", "bias", "coverage", "interval_width"),
}


class Metrics(Protocol):
    """What is needed of a kfp ``Metrics`` artifact."""

    def log_metric(self, metric: str, value: float) -> None: ...


class ClassificationMetrics(Protocol):
    """What is needed of a kfp ``ClassificationMetrics`` artifact."""

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None: ...

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None: ...


class Page(Protocol):
    """What is needed of a kfp ``HTML`` or ``Markdown`` artifact."""

    @property
    def path(self) -> str: ...


def show(
    evaluation: Path, metrics: Metrics, curves: ClassificationMetrics, report: Page, summary: Page
) -> dict[str, str]:
    """Fill the artifacts from the folder that the step wrote; what the model is made of is returned, for metadata.

    Of a regression the confusion matrix is that of the bands, and there is no ROC curve.
    """
    document: dict[str, Any] = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    values = {name: estimate["value"] for name, estimate in document["metrics"].items()}
    for name in SHOWN[document["task"]]:
        if values[name] is not None:
            metrics.log_metric(name, values[name])
    if document["task"] == "classification":
        _classification(document, values, curves)
    else:
        bands = document["band_counts"]
        curves.log_confusion_matrix(bands["names"], bands["rows"])
    shutil.copyfile(evaluation / "report.html", report.path)
    verdict, versions = document["verdict"], document["versions"]
    Path(summary.path).write_text(_markdown(document), encoding="utf-8")
    names = ("data_hash", "contract_hash", "bundle_version", "code_version")
    return {"verdict": verdict["state"], "family": document["chosen"]["family"]} | {n: versions[n] for n in names}


def _classification(document: dict[str, Any], values: dict[str, float], curves: ClassificationMetrics) -> None:
    """Confusion matrix and ROC curve."""
    stayed, left = ("true_negatives", "false_positives"), ("false_negatives", "true_positives")
    curves.log_confusion_matrix(["stayed", "left"], [[round(values[name]) for name in row] for row in (stayed, left)])
    roc = document["curves"].get("roc")
    if roc is not None:
        curves.log_roc_curve(roc["x"], roc["y"], roc["threshold"])


def _markdown(document: dict[str, Any]) -> str:
    """Verdict, reasons and the numbers on half a page."""
    verdict = document["verdict"]
    lines = [f"# {verdict['state']}", "", verdict["summary"], "", "| metric | value |", "|---|---|"]
    lines += [f"| {name} | {_number(document['metrics'][name]['value'])} |" for name in SHOWN[document["task"]]]
    versions = document["versions"]
    lines += ["", *(f"- {name}: `{versions[name]}`" for name in ("bundle_version", "data_hash", "contract_hash"))]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
