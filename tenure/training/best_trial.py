"""The best trial of every family, from what all workers of the search wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenure.contract import Contract
from tenure.contract.family_names import searched
from tenure.errors import TenureError
from tenure.training.families import ROUNDS, Parameter, is_better
from tenure.training.search.units import units as units_of

FILE_NAME = "trials.json"


@dataclass(frozen=True)
class BestTrial:
    """A family's best trial."""

    family: str
    parameters: dict[str, Parameter]
    """With the ``rounds`` to refit with, for a family that stops early."""
    scores: tuple[float, ...]
    """Of each fold."""
    trials: int
    pruned: int
    seconds: float
    """That all of the family's trials took together."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        return float(np.std(self.scores, ddof=1))


def best_trials(contract: Contract, trials: Sequence[Path]) -> list[BestTrial]:
    """The best of each of the contract's searched families, in their order; of equal trials the earlier one.

    Args:
        trials: the folders that the workers of ``tune`` wrote.

    Raises:
        TenureError: if a worker's trials are missing, twice there, or were made for another objective.
    """
    units: dict[tuple[str, int], dict[str, Any]] = {}
    for folder in trials:
        document = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        if document["objective"] != contract.training.objective:
            raise TenureError(
                f"{folder}: trials for {document['objective']}, the contract wants {contract.training.objective}"
            )
        for unit in document["units"]:
            key = (unit["family"], unit["shard"])
            if key in units:
                raise TenureError(f"the trials of {key[0]}, part {key[1]}, were handed over twice")
            units[key] = unit
    return [_best(family, units, contract) for family in searched(contract.training.families)]


def _best(family: str, units: dict[tuple[str, int], dict[str, Any]], contract: Contract) -> BestTrial:
    found = [units[key] for key in sorted(units) if key[0] == family]
    records: list[dict[str, Any]] = [record for unit in found for record in unit["trials"]]
    trials = contract.training.trials
    ended_early = any(unit.get("stopped") for unit in found)
    if len(found) < len(units_of([family], trials)) or (len(records) != trials and not ended_early):
        raise TenureError(
            f"{len(records)} trials of {family} were handed over, the contract has {trials}: a worker's are missing"
        )
    chosen: dict[str, Any] | None = None
    for record in records:
        score = record["score"]
        if score is not None and (chosen is None or is_better(contract.training.objective, score, chosen["score"])):
            chosen = record
    if chosen is None:
        raise TenureError(f"no trial of {family} came to its end with a score")
    rounds = {} if chosen["rounds"] is None else {ROUNDS: chosen["rounds"]}
    return BestTrial(
        family=family,
        parameters=chosen["parameters"] | rounds,
        scores=tuple(chosen["scores"]),
        trials=len(records),
        pruned=sum(record["state"] == "pruned" for record in records),
        seconds=round(sum(record["seconds"] for record in records), 3),
    )
