"""The evaluation as Kubeflow Pipelines shows it on a run's page: metrics, confusion matrix, ROC curve, report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

from tenure.report.units import cross_fitted
from tenure.tasks import RunPage, get


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
    """Fill the artifacts from the folder that the step wrote.

    Returns:
        Metadata of the model: verdict, family and versions.
    """
    document: dict[str, Any] = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))
    texts = get(document["task"]).texts
    page = texts.run_page(document)
    # The list of metrics has no room for a sentence.
    marked = texts.money_metrics if page.assumption is not None else ()
    shown = {name: f"{name}_by_default_business_values" if name in marked else name for name in page.metrics}
    for name in page.metrics:
        value = document["metrics"][name]["value"]
        if value is not None:
            metrics.log_metric(shown[name], value)
    curves.log_confusion_matrix(page.categories, page.matrix)
    if page.roc is not None:
        curves.log_roc_curve(*page.roc)
    shutil.copyfile(evaluation / "report.html", report.path)
    verdict, versions = document["verdict"], document["versions"]
    Path(summary.path).write_text(_markdown(document, page, shown), encoding="utf-8")
    names = ("data_hash", "contract_hash", "bundle_version", "code_version")
    return {"verdict": verdict["state"], "family": document["chosen"]["family"]} | {n: versions[n] for n in names}


def _markdown(document: dict[str, Any], page: RunPage, shown: dict[str, str]) -> str:
    """Verdict, reasons and the numbers on half a page; ``shown`` has the metrics' names."""
    verdict = document["verdict"]
    assumed = [] if page.assumption is None else [page.assumption, ""]
    lines = [f"# {verdict['state']}", "", *assumed, verdict["summary"], "", "| metric | value |", "|---|---|"]
    lines += [f"| {shown[name]} | {_number(document['metrics'][name]['value'])} |" for name in page.metrics]
    repeated = cross_fitted(document)
    lines += ["", repeated] if repeated else []
    versions = document["versions"]
    lines += ["", *(f"- {name}: `{versions[name]}`" for name in ("bundle_version", "data_hash", "contract_hash"))]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
