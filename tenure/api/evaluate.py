"""``tenure.evaluate``: a model on the test part."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenure.api.model import Model
from tenure.atomic import write_text
from tenure.business_text import assumption
from tenure.errors import InputError
from tenure.evaluation.evaluate import Outcome
from tenure.evaluation.evaluate import evaluate as evaluate_candidates
from tenure.text_table import html_table, text_table
from tenure.training.small_tables import repeat_if_small

HEADERS = ("metric", ">value", ">low", ">high")
BY_DECILE = re.compile(r"_\d+$")
"""Metrics that are left out where an evaluation is printed: there are ten of each."""


@dataclass(frozen=True)
class Metric:
    """A metric on the test part with its bootstrap interval; ``pandas.DataFrame(evaluation.metrics)`` works."""

    name: str
    value: float | None
    """None where the metric is undefined on these rows; so are ``low`` and ``high``."""
    low: float | None
    """Lower end of the interval."""
    high: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The result of an evaluation on rows that no training has used."""

    verdict: str
    """``bless``, ``reject`` or ``inconclusive``."""
    why: str
    """The verdict in one sentence."""
    metrics: tuple[Metric, ...]
    record: Mapping[str, Any]
    """All of it, as in ``evaluation.json``: families, slices, importance, curves."""
    _outcome: Outcome

    def report(self, path: Path | str) -> Path:
        """Write the report for people: one HTML file that needs nothing else; returns its path.

        Raises:
            StorageError: the disk is full or cannot be written.
        """
        from tenure.report import render

        outcome, target = self._outcome, Path(path)
        write_text(target, render(outcome.record, validation=outcome.validation, ingest=outcome.ingest))
        return target

    def _table(self) -> list[tuple[str, ...]]:
        printed = [one for one in self.metrics if not BY_DECILE.search(one.name)]
        return [(one.name, *map(_shown, (one.value, one.low, one.high))) for one in printed]

    @property
    def _heading(self) -> str:
        assumed = assumption(self.record["business"])
        return f"{self.verdict}: {self.why}" if assumed is None else f"{assumed}\n{self.verdict}: {self.why}"

    def __repr__(self) -> str:
        return f"{self._heading}\n{text_table(HEADERS, self._table())}"

    def _repr_html_(self) -> str:
        return html_table(self._heading, HEADERS, self._table())


def evaluate(model: Model) -> Evaluation:
    """Measure a model on the test part of its table, and decide whether it may go live.

    Args:
        model: of ``tenure.train``.

    Returns:
        Verdict, metrics with bootstrap intervals, and the complete record.

    Raises:
        InputError: the model was read from a bundle, which holds no rows to measure it on.
        DataError: the test part is empty, or the model cannot predict for it.

    Examples:
        >>> import tenure
        >>> model = tenure.train("datasets/telco", families=["logistic_regression"], trials=1)
        >>> found = tenure.evaluate(model)
        >>> found.verdict
        'bless'
        >>> [metric.name for metric in found.metrics][:2]
        ['roc_auc', 'average_precision']
    """
    work = model.workspace
    if work is None:
        raise InputError("a bundle holds no rows to evaluate it on: evaluate the model that tenure.train returns")
    write_text(work.champion / "champion.json", json.dumps({"name": model.name, "version": None}) + "\n")
    outcome = evaluate_candidates(
        contract=model.contract,
        raw=work.raw,
        valid=work.valid,
        features=work.features,
        candidates=work.candidates,
        champion=work.champion,
        evaluation=work.evaluation,
        repeats=repeat_if_small(model.contract, work.features, work.candidates),
    )
    metrics = tuple(Metric(name, **_interval(found)) for name, found in outcome.record["metrics"].items())
    return Evaluation(outcome.verdict, outcome.record["verdict"]["summary"], metrics, outcome.record, outcome)


def _interval(found: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: found[name] for name in ("value", "low", "high")}


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
