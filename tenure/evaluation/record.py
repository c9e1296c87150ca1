"""The parts of the evaluation's record: families, slices, champion, importance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.bundle import Bundle, read
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.evaluation import Challenge, Estimate, cut
from tenure.evaluation.against import C
from tenure.evaluation.champion import Champion
from tenure.evaluation.evaluator import Evaluator, P
from tenure.evaluation.value_names import described, name_values

Json = dict[str, Any]


def family(
    entry: Json, candidates: Path, chosen: str, known: tuple[P, Mapping[str, Estimate]], evaluator: Evaluator[P, C]
) -> tuple[Json, P | None]:
    """One line of the families' table, and the family's predictions: its figures in training and on the test part.

    A family that was not chosen and cannot be scored is reported as such, and has no predictions: it decides nothing.

    Args:
        entry: its line of the leaderboard in ``train.json``.
        known: predictions and metrics of the chosen family.
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
        predictions, metrics = known
        return record | {"metrics": to_json(metrics)}, predictions
    try:
        found = evaluator.predict(read(candidates / name), evaluator.test.table)
        return record | {"metrics": to_json(evaluator.measure(found))}, found
    except InputError as error:
        return record | {"error": str(error)}, None


def slices(
    contract: Contract, evaluator: Evaluator[P, C], predictions: P, champion: P | None
) -> tuple[list[Json], list[tuple[str, C]]]:
    """Metrics by slice, and the comparison with the champion on each slice that is large enough."""
    test = evaluator.test
    names = dict.fromkeys((*contract.columns_of("sensitive"), *contract.slices))
    columns: dict[str, pa.ChunkedArray] = {
        name: name_values(contract, name, test.table.column(name)) for name in names if name in test.table.column_names
    }
    records: list[Json] = []
    comparisons: list[tuple[str, C]] = []
    for part in cut(columns):
        inside = evaluator.part(part.rows)
        small = inside.too_small()
        record: Json = {
            "column": part.column,
            "description": described(contract, part.column),
            "value": part.value,
            **inside.counts(),
            "too_small": small,
            "metrics": {},
        }
        records.append(record)
        if small is not None:
            continue
        record["metrics"] = to_json(inside.measure(predictions.take(part.rows)))
        if champion is not None:
            comparison = inside.compare(predictions.take(part.rows), champion.take(part.rows))
            record["against_champion"] = comparison.to_json()
            comparisons.append((f"{part.column} = {part.value}", comparison))
    return records, comparisons


def challenge(
    champion: Champion[P] | None,
    candidate: Bundle,
    predictions: P,
    slice_comparisons: list[tuple[str, C]],
    evaluator: Evaluator[P, C],
) -> tuple[Challenge[C] | None, Json | None]:
    """The champion as the verdict needs it, and as the record shows it."""
    if champion is None:
        return None, None
    record: Json = {
        "version": champion.version,
        "bundle_version": champion.bundle_version,
        "family": None,
        "identical": False,
        "unreadable": champion.unreadable,
        "metrics": {},
        "comparison": None,
        "notes": [],
    }
    bundle = champion.bundle
    if bundle is None or champion.predictions is None:
        return Challenge(champion.version, unreadable=champion.unreadable), record
    metrics = evaluator.measure(champion.predictions)
    comparison = evaluator.compare(predictions, champion.predictions)
    identical = bundle.version == candidate.version
    record |= {
        "family": bundle.manifest.family,
        "identical": identical,
        "threshold": bundle.decision.threshold,
        "metrics": to_json(metrics),
        "comparison": comparison.to_json(),
        "notes": _notes(bundle, candidate),
    }
    found = Challenge(champion.version, identical=identical, comparison=comparison, slices=tuple(slice_comparisons))
    return found, record


def to_json(metrics: Mapping[str, Estimate]) -> Json:
    return {name: estimate.to_json() for name, estimate in metrics.items()}


def _notes(champion: Bundle, candidate: Bundle) -> list[str]:
    """Reservations about the comparison."""
    ours, theirs = candidate.manifest, champion.manifest
    if ours.data_hash == theirs.data_hash and candidate.contract.split != champion.contract.split:
        return ["The champion learned from the same data under another split: it may have seen these test rows."]
    if candidate.contract.label != champion.contract.label:
        return ["The champion learned another label; both are held against the one of this contract."]
    return []
