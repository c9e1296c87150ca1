"""The sequential test: has the canary been shown to be worse than stable by more than is tolerated?

Every comparison is one of shares: of failed requests, of fallback answers, of requests slower than a limit, of scores
up to a bin's edge. In a block (the time between two looks) the canary had ``n_c`` trials with ``k_c`` hits, stable had
``n_s`` and ``k_s``. The null hypothesis, block by block, is

    H0:  p_c <= p_s + tolerance,      p_s unknown and free to change from block to block,

so an outage or a busy hour that affects both sides alike is not evidence. A bet on an alternative ``(q_c, q_s)``
outside H0, chosen before the block is seen, multiplies its wealth by

    e = (q_c/r_c)^k_c ((1-q_c)/(1-r_c))^(n_c-k_c) (q_s/r_s)^k_s ((1-q_s)/(1-r_s))^(n_s-k_s)

where ``(r_c, r_s)`` is the point of H0 nearest to the alternative: it minimises n_c KL(q_c|r_c) + n_s KL(q_s|r_s)
(reverse information projection: Grünwald, de Heide, Koolen, "Safe testing", 2024; for two streams of Bernoulli data
Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample tests", 2024). E[e] <= 1 under all of H0: the
expectation of one factor is linear in p, so by the inequality of arithmetic and geometric means E[e] is at most
(1 + D/n)^n, where D is the directional derivative of the minimised sum, sign turned, from (r_c, r_s) towards
(p_c, p_s), and D <= 0 because H0 is convex and (r_c, r_s) the minimum.

The wealth, a product of such factors, is a non-negative supermartingale, so by Ville's inequality it ever reaches
1/alpha with probability at most alpha, however often one looks and whenever one stops (testing by betting:
Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", 2024). The wealth is divided over
several bets, one per size of harm, and over time: part of it is held in reserve and bet a little each block, so that
harm that begins late (a leak, a cache that fills) is found too. Means of such processes are such processes (Vovk, Wang,
"E-values: calibration, combination and applications", 2021), which is also how the metrics are combined.

The bound assumes that requests are independent given their block's rates. Failures in bursts count as more evidence
than they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EFFECTS = (0.5, 1.5, 3.0, 6.0)
"""Sizes of harm that are bet on: distance of the alternative from the tolerated share, in log-odds."""

FIRST_BET = 0.5
"""Share of the wealth that is bet from the first block on; the rest is spread over the blocks that follow."""

CEILING = 1e9
"""Largest wealth of a bet: the decision is made at far less, and the stored numbers stay short."""

BASELINE_DECAY = 0.9
"""Factor, for each block, on the weight of the earlier trials from which stable's share is estimated."""


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
class EProcess:
    """The wealth of one comparison. Immutable; ``after`` returns the next.

    reserve: wealth that has not been bet yet.
    bets: wealth of each bet, one per effect.
    trials, hits: stable's, older blocks weighted less; stable's share is estimated from them.
    """

    reserve: float = 1.0
    bets: tuple[float, ...] = (0.0,) * len(EFFECTS)
    trials: float = 0.0
    hits: float = 0.0

    @property
    def wealth(self) -> float:
        """The e-value: if H0 holds, it ever reaches 1/alpha with probability at most alpha."""
        return self.reserve + sum(self.bets)

    def after(self, block: Block, tolerance: float, blocks_planned: int) -> EProcess:
        """The process after one more block. A block without trials on one side leaves the wealth as it is.

        Args:
            block: what happened.
            tolerance: how much larger the canary's share may be, in 0…1.
            blocks_planned: over how many blocks the reserve is spread.
        """
        reserve, bets = self.reserve, self.bets
        if block.n_c > 0 and block.n_s > 0 and self.trials > 0:
            expected = (self.hits + 0.5) / (self.trials + 1.0)
            reserve, bets = self._place_bets(blocks_planned)
            factors = _payoffs(block, expected, tolerance)
            bets = tuple(min(CEILING, bet * factor) for bet, factor in zip(bets, factors, strict=True))
        trials, hits = self.trials, self.hits
        if block.n_s > 0:
            trials, hits = BASELINE_DECAY * trials + block.n_s, BASELINE_DECAY * hits + block.k_s
        return EProcess(reserve, bets, trials, hits)

    def with_baseline(self, trials: int, hits: int) -> EProcess:
        """The same wealth, with more of stable's trials to estimate its share from."""
        return EProcess(self.reserve, self.bets, self.trials + trials, self.hits + hits)

    def _place_bets(self, blocks_planned: int) -> tuple[float, tuple[float, ...]]:
        first = not any(self.bets) and self.reserve == 1.0
        amount = FIRST_BET if first else min(self.reserve, (1.0 - FIRST_BET) / max(1, blocks_planned))
        return self.reserve - amount, tuple(bet + amount / len(self.bets) for bet in self.bets)


def mean(values: list[float]) -> float:
    """One e-value from several, which may depend on each other (Vovk, Wang 2021, section 3)."""
    return sum(values) / len(values)


def _payoffs(block: Block, expected: float, tolerance: float) -> list[float]:
    """The factor by which the wealth of each bet is multiplied."""
    tolerated = expected + tolerance
    if tolerated >= 1.0 - 1e-9:
        return [1.0] * len(EFFECTS)  # no share is larger than the tolerated one
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
