"""The parts of the evaluation's record: families, slices, champion, importance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle, read
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.evaluation import Challenge, Estimate, cut, permutation_importance
from tenure.evaluation.setting import C, S, Setting
from tenure.evaluation.standing import Standing
from tenure.progress import progress

Json = dict[str, Any]


def family(entry: Json, candidates: Path, chosen: str, metrics: Mapping[str, Estimate], setting: Setting[S, C]) -> Json:
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
        return record | {
            "metrics": to_json(setting.measure(setting.score(read(candidates / name), setting.test.table)))
        }
    except InputError as error:
        return record | {"error": str(error)}


def slices(
    contract: Contract, setting: Setting[S, C], said: S, champion: S | None
) -> tuple[list[Json], list[tuple[str, C]]]:
    """Metrics by slice, and the comparison with the champion on each slice that is large enough."""
    test = setting.test
    names = dict.fromkeys((*contract.columns_of("sensitive"), *contract.slices))
    columns: dict[str, pa.ChunkedArray] = {
        name: test.table.column(name) for name in names if name in test.table.column_names
    }
    records: list[Json] = []
    comparisons: list[tuple[str, C]] = []
    for part in cut(columns):
        inside = setting.part(part.rows)
        small = inside.too_small()
        record: Json = {
            "column": part.column,
            "value": part.value,
            **inside.counts(),
            "too_small": small,
            "metrics": {},
        }
        records.append(record)
        if small is not None:
            continue
        record["metrics"] = to_json(inside.measure(said.take(part.rows)))
        if champion is not None:
            against = inside.compare(said.take(part.rows), champion.take(part.rows))
            record["against_champion"] = against.to_json()
            comparisons.append((f"{part.column} = {part.value}", against))
    return records, comparisons


def challenge(
    standing: Standing[S] | None,
    candidate: Bundle,
    said: S,
    slice_comparisons: list[tuple[str, C]],
    setting: Setting[S, C],
) -> tuple[Challenge[C] | None, Json | None]:
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
    if standing.bundle is None or standing.said is None:
        return Challenge(standing.version, unreadable=standing.unreadable), record
    champion = standing.bundle
    metrics = setting.measure(standing.said)
    comparison = setting.compare(said, standing.said)
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


def importance(contract: Contract, bundle: Bundle, setting: Setting[S, C]) -> list[Json]:
    """What the model relies on, by raw columns, the most important first."""

    def predict(columns: Mapping[str, pa.Array]) -> NDArray[np.float64]:
        return bundle.predict(columns).score

    inputs = contract.inputs
    found = permutation_importance(
        predict,
        {name: setting.test.table.column(name).combine_chunks() for name in inputs},
        setting.test.label,
        list(inputs),
        quality=setting.quality,
        seed=setting.seed,
        progress=lambda done, total: progress("measuring what the model relies on", done, total),
    )
    return [{**asdict(one), "description": inputs[one.column].description} for one in found]


def to_json(metrics: Mapping[str, Estimate]) -> Json:
    return {name: estimate.to_json() for name, estimate in metrics.items()}


def _notes(champion: Bundle, candidate: Bundle) -> list[str]:
    """What a reader must know before trusting the comparison."""
    ours, theirs = candidate.manifest, champion.manifest
    if ours.data_hash == theirs.data_hash and candidate.contract.split != champion.contract.split:
        return ["The champion learned from the same data under another split: it may have seen these test rows."]
    if candidate.contract.label != champion.contract.label:
        return ["The champion learned another label; both are held against the one of this contract."]
    return []
