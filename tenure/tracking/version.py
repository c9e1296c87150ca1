"""A registered model version, as Tenure sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tenure.tasks import each

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
CHALLENGER = "challenger"

TAG_PREFIX = "tenure."

KEY_METRICS = tuple(dict.fromkeys(metric for task in each() for metric in task.texts.version_metrics))
"""Metrics in a version's tags, each as value, low and high."""

FORMER_NAMES = {"profit_per_day": "profit_per_period"}
"""Metrics in the tags of versions from before there were periods."""

Interval = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Version:
    """One version of a registered model; texts are empty if the version has no such tag."""

    name: str
    version: str
    aliases: tuple[str, ...]
    bundle_version: str
    family: str
    verdict: str
    override: str
    """Why a person registered it although the verdict was inconclusive."""
    run_id: str
    mlflow_run_id: str
    data_hash: str
    contract_hash: str
    code_version: str
    created_at: str
    """UTC, ISO 8601."""
    metrics: Mapping[str, Interval]
    period: str = ""
    """That sums of money are for; empty for versions from before there were periods."""
    default_business_values: str = ""
    """Business values that the contract did not set, on which sums of money rest."""


def from_mlflow(found: ModelVersion, aliases: Mapping[str, str]) -> Version:
    """The version that MLflow describes by ``found``; ``aliases`` are the model's, alias to version."""
    tags: dict[str, Any] = found.tags
    return Version(
        name=found.name,
        version=str(found.version),
        aliases=tuple(sorted(alias for alias, version in aliases.items() if str(version) == str(found.version))),
        bundle_version=tags.get("tenure.bundle_version", ""),
        family=tags.get("tenure.family", ""),
        verdict=tags.get("tenure.verdict", ""),
        override=tags.get("tenure.override", ""),
        run_id=tags.get("tenure.run_id", ""),
        mlflow_run_id=found.run_id or "",
        data_hash=tags.get("tenure.data_hash", ""),
        contract_hash=tags.get("tenure.contract_hash", ""),
        code_version=tags.get("tenure.code_version", ""),
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
        metrics={
            FORMER_NAMES.get(name, name): tuple(values)
            for name, values in json.loads(tags.get("tenure.metrics", "{}")).items()
        },
        period=tags.get("tenure.period", ""),
        default_business_values=tags.get("tenure.default_business_values", ""),
    )


def to_tags(
    *,
    bundle_version: str,
    family: str,
    verdict: str,
    override: str,
    run_id: str,
    data_hash: str,
    contract_hash: str,
    code_version: str,
    metrics: Mapping[str, Mapping[str, float | None]],
    period: str = "",
    default_business_values: Sequence[str] = (),
) -> dict[str, str]:
    """The tags of a version; ``metrics``, ``period`` and ``default_business_values`` as in ``evaluation.json``."""
    kept = {
        name: [metrics[name]["value"], metrics[name]["low"], metrics[name]["high"]]
        for name in KEY_METRICS
        if name in metrics
    }
    tags = {
        "bundle_version": bundle_version,
        "family": family,
        "verdict": verdict,
        "override": override,
        "run_id": run_id,
        "data_hash": data_hash,
        "contract_hash": contract_hash,
        "code_version": code_version,
        "metrics": json.dumps(kept),
        "period": period,
        "default_business_values": ", ".join(default_business_values),
    }
    return {f"{TAG_PREFIX}{name}": value for name, value in tags.items() if value}
