"""The parts of the evaluation's record: families, slices, champion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.evaluate.scoring import TestPart, score
from components.evaluate.standing import Standing
from tenure.bundle import Bundle, read
from tenure.contract import Contract
from tenure.contract.settings import DecisionMetric
from tenure.errors import InputError
from tenure.evaluation import Campaign, Challenge, Comparison, Estimate, Scored, compare, cut, measure, too_small

Json = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What every measurement of one evaluation shares."""

    test: TestPart
    campaign: Campaign
    metric: DecisionMetric
    samples: int
    seed: int
    value: NDArray[np.float64] | None = None
    """(rows,) customer values, where segments have values of their own."""

    def measure(self, scored: Scored) -> dict[str, Estimate]:
        label, samples, seed = self.test.label, self.samples, self.seed
        return measure(label, scored, self.campaign, samples=samples, seed=seed, value=self.value)

    def compare(self, candidate: Scored, champion: Scored) -> Comparison:
        return compare(
            self.test.label,
            candidate,
            champion,
            self.campaign,
            samples=self.samples,
            seed=self.seed,
            metric=self.metric,
            value=self.value,
        )

    def part(self, rows: NDArray[np.bool_]) -> Setting:
        """The same on some of the rows."""
        test = self.test.part(rows)
        campaign = self.campaign.part(test.rows / self.test.rows)
        return replace(self, test=test, campaign=campaign, value=None if self.value is None else self.value[rows])


def family(entry: Json, candidates: Path, chosen: str, metrics: Mapping[str, Estimate], setting: Setting) -> Json:
    """One line of the families' table: how it did while it was chosen, and on the test part.

    A family that was not chosen and cannot be scored is reported as such: it decides nothing.

    Args:
        entry: its line of the leaderboard in ``train.json``.
        metrics: the chosen family's, known already.
    """
    name = str(entry["family"])
    record: Json = {
        "family": name,
        "chosen": name == chosen,
        "error": None,
        "cv_mean": entry["cv_mean"],
        "cv_std": entry["cv_std"],
        "validation_score": entry["validation_score"],
        "metrics": {},
    }
    if name == chosen:
        return record | {"metrics": to_json(metrics)}
    try:
        return record | {"metrics": to_json(setting.measure(score(read(candidates / name), setting.test.table)))}
    except InputError as error:
        return record | {"error": str(error)}


def slices(
    contract: Contract, setting: Setting, scored: Scored, champion: Scored | None
) -> tuple[list[Json], list[tuple[str, Comparison]]]:
    """Metrics by slice, and the comparison with the champion on each slice that is large enough."""
    test = setting.test
    names = dict.fromkeys((*contract.columns_of("sensitive"), *contract.slices))
    columns: dict[str, pa.ChunkedArray] = {
        name: test.table.column(name) for name in names if name in test.table.column_names
    }
    records: list[Json] = []
    comparisons: list[tuple[str, Comparison]] = []
    for part in cut(columns):
        label = test.label[part.rows]
        small = too_small(label)
        record: Json = {
            "column": part.column,
            "value": part.value,
            "rows": int(label.size),
            "churners": int(label.sum()),
            "too_small": small,
            "metrics": {},
        }
        records.append(record)
        if small is not None:
            continue
        inside = setting.part(part.rows)
        record["metrics"] = to_json(inside.measure(scored.take(part.rows)))
        if champion is not None:
            against = inside.compare(scored.take(part.rows), champion.take(part.rows))
            record["against_champion"] = against.to_json()
            comparisons.append((f"{part.column} = {part.value}", against))
    return records, comparisons


def challenge(
    standing: Standing | None,
    candidate: Bundle,
    scored: Scored,
    slice_comparisons: list[tuple[str, Comparison]],
    setting: Setting,
) -> tuple[Challenge[Comparison] | None, Json | None]:
    """The champion as the verdict needs it, and as the record shows it."""
    if standing is None:
        return None, None
    record: Json = {
        "version": standing.version,
        "bundle_version": standing.bundle_version,
        "family": None,
        "identical": False,
        "unreadable": standing.unreadable,
        "metrics": {},
        "comparison": None,
        "notes": [],
    }
    if standing.bundle is None or standing.scored is None:
        return Challenge(standing.version, unreadable=standing.unreadable), record
    champion = standing.bundle
    metrics = setting.measure(standing.scored)
    comparison = setting.compare(scored, standing.scored)
    identical = champion.version == candidate.version
    record |= {
        "family": champion.manifest.family,
        "identical": identical,
        "threshold": champion.decision.threshold,
        "metrics": to_json(metrics),
        "comparison": comparison.to_json(),
        "notes": _notes(champion, candidate),
    }
    found = Challenge(standing.version, identical=identical, comparison=comparison, slices=tuple(slice_comparisons))
    return found, record


def to_json(metrics: Mapping[str, Estimate]) -> Json:
    return {name: estimate.to_json() for name, estimate in metrics.items()}


def _notes(champion: Bundle, candidate: Bundle) -> list[str]:
    """What a reader must know before trusting the comparison."""
    ours, theirs = candidate.manifest, champion.manifest
    if ours.data_hash == theirs.data_hash and candidate.contract.split != champion.contract.split:
        return ["The champion learned from the same data under another split: it may have seen these test rows."]
    return []
