"""What the chosen model relies on, for the record: how strongly, in which direction, and which columns together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from tenure.bundle import Bundle
from tenure.contract import Contract
from tenure.evaluation import permutation_importance
from tenure.evaluation.against import C
from tenure.evaluation.effects import Effect, effects
from tenure.evaluation.evaluator import Evaluator, P
from tenure.evaluation.interactions import interactions
from tenure.evaluation.value_names import name_value
from tenure.progress import progress
from tenure.stats.bootstrap import Floats

MOST_EFFECTS = 8
"""Columns whose effects are recorded, the most important ones."""

Json = dict[str, Any]


def reliance(contract: Contract, bundle: Bundle, evaluator: Evaluator[P, C]) -> Json:
    """``importance``, ``effects`` and ``interactions`` of the raw columns, by the test part."""
    columns = {name: evaluator.test.table.column(name).combine_chunks() for name in bundle.transform.inputs}
    found = _importance(contract, bundle, evaluator, columns)
    ranked = [str(row["column"]) for row in found if row["drop"] > 0.0]
    return {"importance": found, **_effects(contract, bundle, columns, ranked)}


def _importance(
    contract: Contract, bundle: Bundle, evaluator: Evaluator[P, C], columns: Mapping[str, pa.Array]
) -> list[Json]:
    """Permutation importance, the most important column first."""
    inputs = contract.inputs
    found = permutation_importance(
        lambda rows: bundle.predict(rows).score,
        columns,
        evaluator.test.label,
        list(inputs),
        quality=evaluator.quality,
        seed=contract.training.seed,
        progress=lambda done, total: progress("measuring what the model relies on", done, total),
    )
    return [
        {**asdict(one), "description": inputs[one.column].description, "unit": inputs[one.column].unit} for one in found
    ]


def _effects(contract: Contract, bundle: Bundle, columns: Mapping[str, pa.Array], ranked: Sequence[str]) -> Json:
    seed = contract.training.seed

    def score(rows: Mapping[str, pa.Array]) -> Floats:
        return bundle.predict(rows).score

    def margin(rows: Mapping[str, pa.Array]) -> Floats:
        return bundle.predict(rows).margin

    found = effects(score, columns, ranked[:MOST_EFFECTS], seed=seed)
    together = interactions(margin, columns, ranked, seed=seed)
    return {
        "effects": [_named(contract, effect) for effect in found],
        "interactions": [{**asdict(one), "columns": list(one.columns)} for one in together],
    }


def _named(contract: Contract, effect: Effect) -> Json:
    points = [{**asdict(point), "value": name_value(contract, effect.column, point.value)} for point in effect.points]
    return {**asdict(effect), "points": points}
