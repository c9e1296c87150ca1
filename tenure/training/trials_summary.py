"""The trials of the search, family by family, as short as a chart of them needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tenure.training.best_trial import FILE_NAME, BestTrial

MAX_TRIALS = 200
"""Of a family, the first ones: more would not show in a chart, and this record stands in every report."""

Json = dict[str, Any]


def trials_summary(bests: Sequence[BestTrial], trials: Sequence[Path]) -> list[Json]:
    """State, score, folds and seconds of every trial by family, in the order of the search.

    A pruned trial came to some of the folds only, and folds differ: its score is that of the family's best trial, plus
    the mean difference of the two on the folds that both came to. It has none where it came to no fold.

    Args:
        bests: the best trial of every searched family.
        trials: the folders that the workers of ``tune`` wrote; read: ``trials.json``.
    """
    units: dict[str, list[Json]] = {}
    for folder in trials:
        for unit in json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["units"]:
            units.setdefault(unit["family"], []).append(unit)
    found = []
    for best in bests:
        ordered = sorted(units.get(best.family, ()), key=lambda unit: unit["shard"])
        records = [record for unit in ordered for record in unit["trials"]][:MAX_TRIALS]
        found.append({"family": best.family, "trials": [_trial(record, best) for record in records]})
    return found


def _trial(record: Json, best: BestTrial) -> Json:
    score, scores = record["score"], record["scores"]
    if score is None and scores:
        score = best.mean + float(np.mean(scores) - np.mean(best.scores[: len(scores)]))
    return {
        "state": record["state"],
        "score": None if score is None or not np.isfinite(score) else score,
        "folds": len(scores),
        "seconds": record["seconds"],
    }
