"""What Kubeflow Pipelines shows of a validation on a run's page: counts and the report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tenure.checks import Validation
from tenure.report.markdown import plain

SHOWN = ("rows_good", "rows_quarantined", "rows_rejected", "rows_set_aside", "rows_orphaned")


class Metrics(Protocol):
    """The part of a kfp ``Metrics`` artifact that is used here."""

    def log_metric(self, metric: str, value: float) -> None: ...


class Page(Protocol):
    """The part of a kfp ``HTML`` or ``Markdown`` artifact that is used here."""

    @property
    def path(self) -> str: ...


def show(summary: Mapping[str, Any], reports: Path, metrics: Metrics, report: Page) -> None:
    """Fill the artifacts from what ``validate`` returned and wrote."""
    for name in SHOWN:
        if name in summary:
            metrics.log_metric(name, summary[name])
    metrics.log_metric("warnings", len(summary["warnings"]))
    shutil.copyfile(reports / "validation.html", report.path)


def show_drift(validation: Path, psi: Mapping[str, float], distances: Metrics, summary: Page) -> Validation:
    """Fill the artifacts from the completed validation, which is returned."""
    whole = Validation.from_json((validation / "validation.json").read_text(encoding="utf-8"))
    for name, distance in sorted(psi.items()):
        distances.log_metric(f"psi_{name}", distance)
    Path(summary.path).write_text(_markdown(whole), encoding="utf-8")
    return whole


def _markdown(whole: Validation) -> str:
    """Verdict, counts, and every check that does not simply pass."""
    shown = [check for check in whole.checks if check.level != "pass" or check.name == "drift"]
    found = [f"- **{check.level}** {plain(check.message)}" for check in shown]
    return "\n".join([f"# {whole.verdict}", "", str(whole.rows), "", *found]) + "\n"
