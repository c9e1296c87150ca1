"""How often the verdict is right: whole trials with models whose worth is known, by the evaluation's own code.

A customer's log-odds of leaving are normal; a model sees them through noise of its own and answers with the
probability that follows from what it sees, so it is calibrated whatever the noise. Less noise is more profit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import show
from benchmarks.trials import (
    FLOOR_SAMPLES,
    LAST,
    PLANTED_TRIALS,
    REGIONS,
    ROWS,
    TRIALS,
    Outcome,
    blessed,
    outcomes,
    row,
    vetoed,
)
from tenure.contract.settings import Acceptance
from tenure.decision import break_even
from tenure.evaluation import Challenge
from tenure.tasks.churn.evaluation import Campaign, Scored, compare, decide, measure

MEAN, SPREAD = -1.35, 1.5
"""Of the log-odds: 27 % leave, and the best of models would reach a ROC-AUC of 0.83."""
NOISE = 1.0
"""Of the champion, in log-odds."""
LIMIT_SHARE = 0.15
CAMPAIGN = Campaign(
    customer_value=600.0,
    offer_cost=10.0,
    offer_success_share=0.30,
    contacts=LIMIT_SHARE * 100_000,
    population=100_000,
)
CALM_ROWS = 2_000_000
"""Customers by which what a model is really worth is known."""


@dataclass(frozen=True)
class Model:
    """What a model sees: the log-odds through ``noise``, and through ``slice_noise`` in the last region."""

    noise: float = NOISE
    slice_noise: float = NOISE

    def seen(self, log_odds: NDArray, region: NDArray, random: np.random.Generator) -> NDArray:
        """Probabilities (rows,): of leaving, given what the model sees.

        The mean of a sigmoid under a normal distribution by MacKay's approximation (1992, "The evidence framework
        applied to classification networks", equation 10).
        """
        noise = np.where(region == LAST, self.slice_noise, self.noise)
        signal = log_odds - MEAN + noise * random.normal(size=log_odds.size)
        trust = SPREAD**2 / (SPREAD**2 + noise**2)
        doubt = SPREAD**2 * (1.0 - trust)
        return 1.0 / (1.0 + np.exp(-(MEAN + trust * signal) / np.sqrt(1.0 + math.pi * doubt / 8.0)))


@dataclass(frozen=True)
class Trial:
    """One test part, and the verdict on it."""

    candidate: Model
    champion: Model
    seed: int
    rows: int = ROWS

    def run(self) -> Outcome:
        random = np.random.default_rng(self.seed)
        label, log_odds, region = _customers(self.rows, random)
        ours, theirs = (
            _scored(model, model.seen(log_odds, region, random)) for model in (self.candidate, self.champion)
        )
        setting = {"samples": Acceptance().bootstrap_samples, "seed": self.seed}
        slices = []
        for number, share in enumerate(REGIONS):
            inside = region == number
            sides = ours.take(inside), theirs.take(inside)
            slices.append((f"region {number}", compare(label[inside], *sides, CAMPAIGN.part(share), **setting)))
        verdict = decide(
            measure(label, ours, CAMPAIGN, samples=FLOOR_SAMPLES, seed=self.seed),
            Acceptance(),
            CAMPAIGN.currency,
            per="in one campaign",
            rows=self.rows,
            churners=int(label.sum()),
            constant=False,
            challenge=Challenge(
                "1", comparison=compare(label, ours, theirs, CAMPAIGN, **setting), slices=tuple(slices)
            ),
        )
        return verdict.state, tuple(reason.check for reason in verdict.reasons if reason.outcome != "pass")


def _customers(rows: int, random: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Label, log-odds and region, (rows,) each."""
    log_odds = MEAN + SPREAD * random.normal(size=rows)
    label = (random.random(rows) < 1.0 / (1.0 + np.exp(-log_odds))).astype(np.int8)
    return label, log_odds, random.choice(len(REGIONS), size=rows, p=REGIONS)


@dataclass(frozen=True)
class Worth:
    """What a model is really worth, over many customers."""

    threshold: float
    """At the contact limit."""
    profit: float
    """A customer."""
    slice_profit: float
    """A customer of the last region."""


@cache
def _worth(model: Model) -> Worth:
    random = np.random.default_rng(1)
    label, log_odds, region = _customers(CALM_ROWS, random)
    probability = model.seen(log_odds, region, random)
    threshold = max(float(np.quantile(probability, 1.0 - LIMIT_SHARE)), break_even(CAMPAIGN))
    contacted = probability >= threshold
    earned = CAMPAIGN.profit(contacted * label * CAMPAIGN.customer_value, contacted.astype(np.float64))
    return Worth(threshold, float(earned.mean()), float(earned[region == LAST].mean()))


def _scored(model: Model, probability: NDArray) -> Scored:
    return Scored(probability, probability >= _worth(model).threshold)


def gain(candidate: Model, champion: Model) -> float:
    """By what share of the champion's profit the candidate really earns more."""
    return _worth(candidate).profit / _worth(champion).profit - 1.0


def slice_gain(candidate: Model, champion: Model) -> float:
    """The same in the last region."""
    return _worth(candidate).slice_profit / _worth(champion).slice_profit - 1.0


def with_gain(wanted: float, champion: Model) -> Model:
    """The model that earns ``wanted`` more than ``champion``, by bisection over its noise."""
    low, high = 0.0, champion.noise
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gain(Model(middle, middle), champion) > wanted else (low, middle)
    return Model(0.5 * (low + high), 0.5 * (low + high))


def against(candidate: Model, champion: Model, trials: int) -> list[Outcome]:
    """Outcomes of as many trials."""
    _worth(candidate), _worth(champion)  # once, before the processes part
    return outcomes(Trial(candidate, champion, seed) for seed in range(trials))


def main() -> None:
    champion = Model()
    better = with_gain(0.05, champion)
    promised = f"candidate {gain(better, champion):+.1%} profit"
    rows = [
        row("two equal models", against(champion, champion, TRIALS), blessed, "promoted", "at most 5 %"),
        row(promised, against(better, champion, PLANTED_TRIALS), blessed, "promoted", "≥ 80 %"),
    ]
    for noise, limit in ((4.0, "always"), (2.0, "always"), (1.5, "small print: what a slice can show")):
        planted = Model(better.noise, noise)
        name = f"as that, but {slice_gain(planted, champion):+.0%} in the slice of {REGIONS[LAST]:.0%}"
        found = against(planted, champion, PLANTED_TRIALS)
        rows.append(row(name, found, vetoed, "not promoted for that slice", limit))
    show(f"Verdicts on {ROWS:,} test rows, {len(REGIONS)} slices, contact limit {LIMIT_SHARE:.0%}", rows)


if __name__ == "__main__":
    main()
