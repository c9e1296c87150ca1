"""The sequential test: has the canary been shown to be worse than stable by more than is tolerated?

Every comparison is one of shares: of failed requests, of fallback answers, of requests slower than a limit, of scores
up to a bin's edge. In a block (what happened between two looks) the canary had ``n_c`` trials of which ``k_c`` hit,
stable had ``n_s`` and ``k_s``. The null hypothesis, block by block, is

    H0:  p_c <= p_s + tolerance,      p_s unknown and free to change from block to block,

so an outage or a busy hour that meets both sides alike is no evidence. Against an alternative ``(q_c, q_s)`` outside
H0, chosen before the block is seen, the block pays

    e = (q_c/r_c)^k_c ((1-q_c)/(1-r_c))^(n_c-k_c) (q_s/r_s)^k_s ((1-q_s)/(1-r_s))^(n_s-k_s)

where ``(r_c, r_s)`` is the point of H0 nearest to the alternative: it minimises n_c KL(q_c|r_c) + n_s KL(q_s|r_s)
(reverse information projection: Grünwald, de Heide, Koolen, "Safe testing", 2024; for two streams of Bernoulli data
Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample tests", 2024). E[e] <= 1 under all of H0: the
expectation of one factor is linear in p, so by the inequality of arithmetic and geometric means E[e] is at most
(1 + D/n)^n, where D is the directional derivative of the minimised sum, sign turned, from (r_c, r_s) towards
(p_c, p_s), and D <= 0 because H0 is convex and (r_c, r_s) the minimum.

Products of such bets are a non-negative supermartingale, so by Ville's inequality they ever reach 1/alpha with
probability at most alpha, however often one looks and whenever one stops. Several bets run at once on a common purse:
one per size of harm, and part of the purse is kept back and staked a little each block, so that harm that begins late
(a leak, a cache that fills) is found too. Means of such processes are such processes (Vovk, Wang, "E-values:
calibration, combination and applications", 2021), which is also how the metrics are put together.

The bound assumes that requests are independent given their block's rates. Failures that come in bunches are more
evidence than they should be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EFFECTS = (0.5, 1.5, 3.0, 6.0)
"""Sizes of harm that are bet on: distance of the alternative from the tolerated share, in log-odds."""

FIRST_STAKE = 0.5
"""Share of the purse staked on harm from the first block on; the rest is spread over the blocks that follow."""

CEILING = 1e9
"""Winnings above this are dropped: the decision has fallen long before, and numbers stay short."""

MEMORY = 0.9
"""Weight, after one more block, of what stable's share was learned from."""


@dataclass(frozen=True)
class Block:
    """Trials and hits of both sides between two looks."""

    n_c: int
    k_c: int
    n_s: int
    k_s: int

    def __post_init__(self) -> None:
        if not (0 <= self.k_c <= self.n_c and 0 <= self.k_s <= self.n_s):
            raise ValueError(f"hits outside 0…trials: {self}")


@dataclass(frozen=True)
class Evidence:
    """One comparison's purse. Immutable; ``after`` gives the next.

    cash: what has not been staked yet.
    stakes: what each bet (one per effect) is worth now.
    trials, hits: stable's, older blocks weighing less; where stable's share is learned from.
    """

    cash: float = 1.0
    stakes: tuple[float, ...] = (0.0,) * len(EFFECTS)
    trials: float = 0.0
    hits: float = 0.0

    @property
    def value(self) -> float:
        """The e-value: reaches 1/alpha with probability at most alpha, ever, if H0 holds."""
        return self.cash + sum(self.stakes)

    def after(self, block: Block, tolerance: float, blocks_planned: int) -> Evidence:
        """The purse after one more block. One in which a side had no trials is no evidence: p_s is unknown then.

        Args:
            block: what happened.
            tolerance: how much larger the canary's share may be, in 0…1.
            blocks_planned: over how many blocks the part kept back is spread.
        """
        cash, stakes = self.cash, self.stakes
        if block.n_c > 0 and block.n_s > 0 and self.trials > 0:
            expected = (self.hits + 0.5) / (self.trials + 1.0)
            cash, stakes = self._staked(blocks_planned)
            factors = _payoffs(block, expected, tolerance)
            stakes = tuple(min(CEILING, stake * factor) for stake, factor in zip(stakes, factors, strict=True))
        trials, hits = self.trials, self.hits
        if block.n_s > 0:
            trials, hits = MEMORY * trials + block.n_s, MEMORY * hits + block.k_s
        return Evidence(cash, stakes, trials, hits)

    def learned(self, trials: int, hits: int) -> Evidence:
        """The same purse, with stable's share known from ``trials`` before the comparison began."""
        return Evidence(self.cash, self.stakes, self.trials + trials, self.hits + hits)

    def _staked(self, blocks_planned: int) -> tuple[float, tuple[float, ...]]:
        first = not any(self.stakes) and self.cash == 1.0
        amount = FIRST_STAKE if first else min(self.cash, (1.0 - FIRST_STAKE) / max(1, blocks_planned))
        return self.cash - amount, tuple(stake + amount / len(self.stakes) for stake in self.stakes)


def mean(values: list[float]) -> float:
    """Several e-values on any data, dependent or not, as one (Vovk, Wang 2021, section 3)."""
    return sum(values) / len(values)


def _payoffs(block: Block, expected: float, tolerance: float) -> list[float]:
    """What one unit staked on each effect pays."""
    tolerated = expected + tolerance
    if tolerated >= 1.0 - 1e-9:
        return [1.0] * len(EFFECTS)  # nothing worse than what is tolerated exists
    odds = math.log(tolerated / (1.0 - tolerated))
    return [_payoff(block, 1.0 / (1.0 + math.exp(-(odds + effect))), expected, tolerance) for effect in EFFECTS]


def _payoff(block: Block, q_c: float, q_s: float, tolerance: float) -> float:
    q_c = min(q_c, 1.0 - 1e-9)
    r_s = _nearest(block.n_c, block.n_s, q_c, q_s, tolerance)
    r_c = r_s + tolerance
    log_e = block.k_c * math.log(q_c / r_c) + (block.n_c - block.k_c) * math.log((1.0 - q_c) / (1.0 - r_c))
    log_e += block.k_s * math.log(q_s / r_s) + (block.n_s - block.k_s) * math.log((1.0 - q_s) / (1.0 - r_s))
    return math.exp(max(-700.0, min(700.0, log_e)))


def _nearest(n_c: int, n_s: int, q_c: float, q_s: float, tolerance: float) -> float:
    """Stable's share at the point of H0 nearest to ``(q_c, q_s)``: the root of a derivative that only grows.

    It lies between ``q_s``, where stable's part of the derivative is 0, and ``q_c - tolerance``, where the canary's is.
    Found by false position in its Illinois form (Dowell, Jarratt 1971).
    """

    def slope(r_s: float) -> float:
        r_c = r_s + tolerance
        return n_c * (r_c - q_c) / (r_c * (1.0 - r_c)) + n_s * (r_s - q_s) / (r_s * (1.0 - r_s))

    low, high = q_s, q_c - tolerance
    at_low, at_high = slope(low), slope(high)
    side = 0
    for _ in range(100):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = slope(middle)
        if high - low < 1e-15 or abs(at_middle) < 1e-9 * (n_c + n_s):
            return middle
        if at_middle < 0:
            low, at_low = middle, at_middle
            at_high, side = (at_high / 2 if side == -1 else at_high), -1
        else:
            high, at_high = middle, at_middle
            at_low, side = (at_low / 2 if side == 1 else at_low), 1
    return middle
