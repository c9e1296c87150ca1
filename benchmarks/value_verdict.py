"""How often the verdict on a regression is right: what customers will spend, with tails as heavy as a shop's.

More than half buy nothing; what the others spend is lognormal. Both follow from one trait, which a model sees through
noise of its own; it predicts the mean that follows from what it sees. Less noise is a smaller error. Intervals are
those that ``train`` would give such a model. Everything else is as in ``benchmarks/verdict.py``.
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
from tenure.decision import HalfWidth, adaptive_half_width
from tenure.evaluation import Challenge
from tenure.tasks.value.evaluation import Objective, ScoredValues, ValueComparison, compare, decide, measure

BUYING, BUYING_BY_TRAIT = -0.4, 1.0
"""Log-odds of buying at all: of the average customer, and what a unit of the trait adds."""
SPENDING, SPENDING_BY_TRAIT, CHANCE = 3.0, 0.9, 0.8
"""The same of the logarithm of what is spent, and what of it is chance (standard deviation)."""
NOISE = 1.0
"""Of the champion, in standard deviations of the trait."""
BLIND = 8.0
"""Of a model that knows next to nothing, likewise."""
AHEAD = 0.9
LEVEL = 0.9
OBJECTIVES: tuple[Objective, ...] = ("rmse", "mae")
CALM_ROWS = 1_000_000
"""Customers by which a model's true error is known."""


@dataclass(frozen=True)
class Model:
    """What a model sees: the trait through ``noise``, and through ``slice_noise`` in the last region."""

    noise: float = NOISE
    slice_noise: float = NOISE
    times: float = 1.0
    """What the prediction is multiplied by: a model that is off, though it sees better, may have the same error."""

    def seen(self, trait: NDArray, region: NDArray, random: np.random.Generator) -> NDArray:
        """Values (rows,): what is spent on average, given what the model sees.

        A lognormal's mean moves the trait that a buyer is known by; the mean of the sigmoid that is left is MacKay's,
        as in ``benchmarks/verdict.py``.
        """
        noise = np.where(region == LAST, self.slice_noise, self.noise)
        signal = trait + noise * random.normal(size=trait.size)
        trust = 1.0 / (1.0 + noise**2)
        mean, doubt = trust * signal, 1.0 - trust
        odds = BUYING + BUYING_BY_TRAIT * (mean + SPENDING_BY_TRAIT * doubt)
        buys = 1.0 / (1.0 + np.exp(-odds / np.sqrt(1.0 + math.pi * BUYING_BY_TRAIT**2 * doubt / 8.0)))
        spends = np.exp(SPENDING + SPENDING_BY_TRAIT * mean + 0.5 * (SPENDING_BY_TRAIT**2 * doubt + CHANCE**2))
        found: NDArray = self.times * buys * spends
        return found


@dataclass(frozen=True)
class Trial:
    """One test part, and the verdict on it."""

    candidate: Model
    champion: Model
    objective: Objective
    seed: int

    def run(self) -> Outcome:
        random = np.random.default_rng(self.seed)
        label, trait, region = customers(ROWS, random)
        ours, theirs = (_scored(model, trait, region, random) for model in (self.candidate, self.champion))
        setting = {"objective": self.objective, "samples": Acceptance().bootstrap_samples, "seed": self.seed}
        whole = compare(label, ours, theirs, **setting)
        if self.candidate.noise == self.candidate.slice_noise and not _ahead(whole):
            # Nothing is planted in a slice, and no slice makes up for what the whole does not show.
            return "inconclusive", ()
        slices = []
        for number in range(len(REGIONS)):
            inside = region == number
            compared = compare(label[inside], ours.take(inside), theirs.take(inside), **setting)
            slices.append((f"region {number}", compared))
        verdict = decide(
            measure(label, ours, samples=FLOOR_SAMPLES, seed=self.seed),
            Acceptance(),
            objective=self.objective,
            level=LEVEL,
            rows=ROWS,
            unit="USD",
            constant_label=False,
            constant=False,
            challenge=Challenge("1", comparison=whole, slices=tuple(slices)),
        )
        return verdict.state, tuple(reason.check for reason in verdict.reasons if reason.outcome != "pass")


def _ahead(whole: ValueComparison) -> bool:
    """Whether the candidate seems better at all: less than the verdict asks for."""
    return whole.advantage.share_better >= AHEAD


def customers(rows: int, random: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Label, trait and region, (rows,) each."""
    trait = random.normal(size=rows)
    buys = random.random(rows) < 1.0 / (1.0 + np.exp(-(BUYING + BUYING_BY_TRAIT * trait)))
    spends = np.exp(SPENDING + SPENDING_BY_TRAIT * trait + CHANCE * random.normal(size=rows))
    return np.where(buys, spends, 0.0), trait, random.choice(len(REGIONS), size=rows, p=REGIONS)


@dataclass(frozen=True)
class Worth:
    """What a model is really worth, over many customers."""

    error: dict[Objective, float]
    slice_error: dict[Objective, float]
    """Over those of the last region."""
    half_width: HalfWidth


@cache
def _worth(model: Model) -> Worth:
    random = np.random.default_rng(1)
    label, trait, region = customers(CALM_ROWS, random)
    value = model.seen(trait, region, random)
    off = np.abs(value - label)
    last = off[region == LAST]
    return Worth(*({"rmse": _rmse(some), "mae": float(some.mean())} for some in (off, last)), _half_width(value, off))


def _rmse(off: NDArray) -> float:
    return float(np.sqrt(np.mean(off**2)))


def _half_width(value: NDArray, off: NDArray) -> HalfWidth:
    """Of as many rows as a validation part would have."""
    return adaptive_half_width(value[:ROWS], off[:ROWS], LEVEL)


def _scored(model: Model, trait: NDArray, region: NDArray, random: np.random.Generator) -> ScoredValues:
    value = model.seen(trait, region, random)
    half = _worth(model).half_width.at(value)
    return ScoredValues(value, np.maximum(0.0, value - half), value + half, LEVEL, np.zeros(value.size, dtype=bool))


def gain(candidate: Model, champion: Model, objective: Objective) -> float:
    """By what share of the champion's error the candidate's really differs."""
    return _worth(candidate).error[objective] / _worth(champion).error[objective] - 1.0


def slice_gain(candidate: Model, champion: Model, objective: Objective) -> float:
    """The same in the last region."""
    return _worth(candidate).slice_error[objective] / _worth(champion).slice_error[objective] - 1.0


def with_gain(wanted: float, champion: Model, objective: Objective) -> Model:
    """The model whose error differs by ``wanted``, which is negative, from that of ``champion``."""
    low, high = 0.0, champion.noise
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gain(Model(middle, middle), champion, objective) < wanted else (low, middle)
    return Model(0.5 * (low + high), 0.5 * (low + high))


def as_good_but_low(champion: Model) -> Model:
    """The model that sees better, predicts too little, and has the champion's root mean squared error all the same."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gain(_seeing(middle), champion, "rmse") > 0.0 else (low, middle)
    return _seeing(0.5 * (low + high))


def _seeing(times: float) -> Model:
    return Model(0.8 * NOISE, 0.8 * NOISE, times)


def against(candidate: Model, champion: Model, objective: Objective, trials: int) -> list[Outcome]:
    """Outcomes of as many trials."""
    _worth(candidate), _worth(champion)  # once, before the processes part
    return outcomes(Trial(candidate, champion, objective, seed) for seed in range(trials))


def main() -> None:
    champion, low = Model(), as_good_but_low(Model())
    rows = []
    for objective in OBJECTIVES:
        found = against(champion, champion, objective, TRIALS)
        rows.append(row(f"{objective}: two equal models", found, blessed, "promoted", "at most 5 %"))
    found = against(low, champion, "rmse", TRIALS)
    name = f"rmse: equal errors ({gain(low, champion, 'rmse'):+.1%}), but the candidate predicts too little"
    rows.append(row(name, found, blessed, "promoted", "at most 5 %"))
    for objective in OBJECTIVES:
        better = with_gain(-0.05, champion, objective)
        found = against(better, champion, objective, PLANTED_TRIALS)
        promised = f"{objective}: candidate {gain(better, champion, objective):+.1%}"
        rows.append(row(promised, found, blessed, "promoted", "≥ 80 %"))
        planted = Model(better.noise, BLIND)
        worse = slice_gain(planted, champion, objective)
        found = against(planted, champion, objective, PLANTED_TRIALS)
        name = f"as that, but {worse:+.0%} in the slice of {REGIONS[LAST]:.0%}: it knows next to nothing there"
        rows.append(row(name, found, vetoed, "not promoted for that slice", "always"))
    show(f"Verdicts on a regression: {ROWS:,} test rows, {len(REGIONS)} slices", rows)


if __name__ == "__main__":
    main()
