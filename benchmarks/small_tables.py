"""How honest the intervals and verdicts of small tables are: whole trials on tables drawn from a known truth.

A trial draws a table, searches parameters in its training part, repeats the procedure over all rows
(``tenure.training.small_tables``) and decides, as a run does. Then it fits the model that would be shipped, to training
and validation part, and measures it on many fresh customers: what the interval claims to hold.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.rollout import interval
from benchmarks.table import Row, show
from tenure.bundle import Prediction
from tenure.contract import Contract, parse
from tenure.contract.schema import LABEL_COLUMN
from tenure.evaluation.repeats import Repeats, average, rank_within_folds
from tenure.stats.bootstrap import Estimate
from tenure.tasks.churn.evaluation import Campaign, Scored, decide, measure
from tenure.training.cross_fitting import cross_fit
from tenure.training.encoded_part import encode_part
from tenure.training.families import Parameters, evaluate, get
from tenure.training.procedure import Procedure
from tenure.training.rows import TrainingRows
from tenure.training.small_tables import repeat
from tenure.transform import fit, of_table

CONTRACT = """\
name: small
columns:
  customer: {type: string, role: key}
  months: {type: number, nullable: true}
  charge: {type: number}
  calls: {type: number}
  plan: {type: category, values: [basic, plus, premium]}
  region: {type: category, values: [north, east, south, west]}
  left: {type: category, role: label, values: ["no", "yes"]}
label: {positive: "yes"}
"""
SIZES = (120, 200, 400)
FRESH_ROWS = 50_000
TRIALS = int(os.environ.get("TENURE_BENCH_SMALL_TRIALS", "200"))
FAMILIES = ("logistic_regression", "xgboost")
BOOSTED_SHARE = 4
"""A trial of trees takes many times as long as one of a linear model: one is made for this many."""
DRAWN = 3
"""Parameters drawn from the search space, beside the default ones; the best in cross-validation are taken."""
TRAIN, SHIPPED = 0.70, 0.85
"""Shares of the rows: of the training part, and with the validation part."""
METRICS = ("roc_auc", "log_loss", "brier", "calibration_error", "profit_per_period")


@cache
def contract() -> Contract:
    return parse(CONTRACT)


def customers(rows: int, random: np.random.Generator, *, shuffled: bool = False) -> pa.Table:
    """Rows as the feature step writes them; about a quarter left.

    Args:
        shuffled: whether labels are dealt out anew, so that no column says anything.
    """
    months, charge, calls = random.gamma(2.0, 12.0, rows), random.normal(60.0, 20.0, rows), random.poisson(1.5, rows)
    plan, region = random.integers(0, 3, rows), random.integers(0, 4, rows)
    log_odds = 0.1 - 0.06 * months + 0.012 * (charge - 60.0) + 0.35 * (calls - 1.5) + np.array([0.4, 0.0, -0.8])[plan]
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))).astype(np.int8)
    months[random.random(rows) < 0.03] = np.nan
    return pa.table(
        {
            "customer": [f"c{row}" for row in range(rows)],
            "months": pa.array(months, from_pandas=True),
            "charge": charge,
            "calls": calls.astype(np.float64),
            "plan": np.array(["basic", "plus", "premium"])[plan],
            "region": np.array(["north", "east", "south", "west"])[region],
            LABEL_COLUMN: random.permutation(label) if shuffled else label,
        }
    )


@dataclass(frozen=True)
class Outcome:
    """What a trial claimed, and what was true."""

    state: str
    claimed: dict[str, Estimate]
    true: dict[str, float]
    """Of the model that would be shipped."""


@dataclass(frozen=True)
class Trial:
    """One table."""

    family: str
    rows: int
    seed: int
    shuffled: bool = False

    def run(self) -> Outcome:
        random = np.random.default_rng((self.seed, self.rows, self.shuffled))
        table = _shuffle(customers(self.rows, random, shuffled=self.shuffled), random)
        train, shipped = table.slice(0, round(TRAIN * self.rows)), table.slice(0, round(SHIPPED * self.rows))
        parameters = _searched(self.family, train, self.seed)
        procedure = Procedure(contract(), {self.family: parameters}, blended=False, customers=self.rows)
        repeats = repeat(procedure, table)
        model = procedure.fit(shipped)
        campaign = Campaign.of(contract(), model.decision.limit)
        measured = [_measure(repeats, number, campaign) for number in range(len(repeats.repeats))]
        claimed = average(measured, repeats.folds)
        label = repeats.rows(contract(), 0).label
        fresh = customers(FRESH_ROWS, random, shuffled=self.shuffled)
        truth = measure(_label(fresh), _scored([model.predict(fresh)]), campaign, samples=1, seed=0)
        verdict = decide(
            claimed,
            contract().acceptance,
            campaign.currency,
            per="in one campaign",
            rows=self.rows,
            churners=int(label.sum()),
            constant=False,
            challenge=None,
        )
        true = {name: float(truth[name].value or 0.0) for name in METRICS}
        return Outcome(verdict.state, {name: claimed[name] for name in METRICS}, true)


def _shuffle(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """Rows in an order in which each part has its share of both classes, as a split has."""
    label = _label(table)
    place = np.empty(len(label))
    for kind in (0, 1):
        rows = np.flatnonzero(label == kind)
        place[rows] = (random.permutation(len(rows)) + random.random()) / len(rows)
    return table.take(pa.array(np.argsort(place)))


def _label(table: pa.Table) -> NDArray[np.int8]:
    found: NDArray[np.int8] = table.column(LABEL_COLUMN).to_numpy()
    return found


def _searched(family: str, train: pa.Table, seed: int) -> Parameters:
    """The best of some parameters in cross-validation of the training part."""
    from optuna import create_study, logging
    from optuna.samplers import RandomSampler

    logging.set_verbosity(logging.ERROR)
    study, searched = create_study(sampler=RandomSampler(seed=seed)), get(family)
    study.enqueue_trial(dict(searched.default))
    rows = TrainingRows.of(encode_part(train, contract(), fit(contract(), of_table(train))), contract(), 3)
    found = []
    for number in range(1 + DRAWN):
        parameters = searched.suggest(study.ask())
        predicted, _ = cross_fit(searched, parameters, rows, seed=seed, threads=1)
        found.append((evaluate("log_loss", rows.both.label, predicted), number, parameters))
    return min(found, key=lambda each: each[:2])[2]


def _measure(repeats: Repeats, number: int, campaign: Campaign) -> dict[str, Estimate]:
    predictions, label = repeats.repeats[number].predictions, repeats.rows(contract(), number).label
    found = measure(label, _scored(predictions), campaign, samples=400, seed=number)
    return rank_within_folds(found, label, predictions)


def _scored(predictions: Sequence[Prediction]) -> Scored:
    return Scored(
        np.concatenate([prediction.score for prediction in predictions]),
        np.concatenate([prediction.decision for prediction in predictions]),
    )


def outcomes(family: str, rows: int, trials: int, *, shuffled: bool = False) -> list[Outcome]:
    """Of as many trials."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        return list(pool.map(Trial.run, (Trial(family, rows, seed, shuffled) for seed in range(trials))))


def held(found: Sequence[Outcome], name: str) -> str:
    """How often the interval of a metric holds the true value of the shipped model, and the mean of them all."""
    low, high = (np.array([getattr(one.claimed[name], end) for one in found], dtype=float) for end in ("low", "high"))
    true = np.array([one.true[name] for one in found])
    ours, mean = (np.mean((low <= value) & (value <= high)) for value in (true, true.mean()))
    return f"{name} {ours:.0%} (mean {mean:.0%})"


def blessed(found: Sequence[Outcome]) -> str:
    """The share of blessed models with its interval."""
    hits = sum(one.state == "bless" for one in found)
    low, high = interval(hits, len(found))
    return f"{hits / len(found):.1%} [{low:.1%}, {high:.1%}] of {len(found)} blessed"


def main() -> None:
    rows = []
    for family in FAMILIES:
        trials = TRIALS if family == FAMILIES[0] else max(1, TRIALS // BOOSTED_SHARE)
        for size in SIZES:
            useless, real = (outcomes(family, size, trials, shuffled=shuffled) for shuffled in (True, False))
            name, auc = f"{family}, {size} rows", np.mean([one.true["roc_auc"] for one in real])
            rows.append(Row(f"{name}: no column says anything", blessed(useless), "at most 5 %"))
            rows.append(Row(f"{name}: ROC-AUC {auc:.3f}", blessed(real), ""))
            rows.append(Row(f"{name}: intervals hold", ", ".join(held(real, each) for each in METRICS), "95 %"))
    show("Small tables: verdicts and intervals by repeated cross-fitting", rows)


if __name__ == "__main__":
    main()
