"""The outcome of a trial, as its study and ``trials.json`` keep it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenure.training.families import CrossValidation, Parameter

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

DETAILS = "details"
"""User attribute of a finished trial: scores and rounds by fold, duration."""


@dataclass(frozen=True)
class Outcome:
    """A finished trial."""

    number: int
    parameters: dict[str, Parameter]
    result: CrossValidation
    """Of the folds that it came to."""
    seconds: float

    @classmethod
    def of(cls, trial: FrozenTrial) -> Outcome:
        details = trial.user_attrs[DETAILS]
        return cls(trial.number, dict(trial.params), result_of(details), details["seconds"])

    def to_json(self, folds: int) -> dict[str, Any]:
        """As in ``trials.json``: complete with a score if it came to all ``folds``, else pruned without."""
        whole = len(self.result.scores) == folds
        return {
            "number": self.number,
            "state": "complete" if whole else "pruned",
            "score": self.result.mean if whole and math.isfinite(self.result.mean) else None,
            "parameters": self.parameters,
            "scores": list(self.result.scores),
            "rounds": self.result.typical_rounds,
            "seconds": round(self.seconds, 3),
        }


def details(result: CrossValidation, seconds: float) -> dict[str, Any]:
    """What a study keeps of a trial, or of some more of its folds."""
    return {"scores": list(result.scores), "rounds": list(result.rounds), "seconds": round(seconds, 3)}


def result_of(kept: Mapping[str, Any]) -> CrossValidation:
    """The scores in ``details``."""
    return CrossValidation(tuple(kept["scores"]), tuple(kept["rounds"]))
