"""A limit that an estimate must keep: a minimum of the contract, or what a model without any knowledge reaches.

pass     the whole interval keeps the limit
fail     the whole interval breaks it
unsure   the limit lies inside the interval, or the estimate is not defined
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tenure.evaluation.reason import Reason
from tenure.number_text import Write, score
from tenure.stats.bootstrap import Estimate

MOST_TIMES = 100
"""How many times as many rows are still advice."""


@dataclass(frozen=True)
class Limit:
    """What an estimate is held against, and the sentences about it."""

    check: str
    estimate: Estimate
    bound: float
    is_floor: bool
    """Whether the estimate must lie above the bound; below it otherwise."""
    strict: bool
    """Whether an estimate that equals the bound breaks it."""
    sentence: str
    """With ``{}`` for the estimate's value: ``The recall is {}``."""
    write: Write
    """A value as text."""
    passed: str
    """How the sentence ends; so with ``failed`` and ``unsure``."""
    failed: str
    unsure: str
    undefined: str
    """The sentence where the estimate is not defined."""


def check_limit(limit: Limit, rows: int | None = None, where: str = "test part") -> Reason:
    """Whether the estimate keeps the limit.

    Args:
        rows: that were measured: says how many would decide, where these do not.
        where: the rows are, ``test part`` or ``table``.
    """
    value, low, high = limit.estimate.value, limit.estimate.low, limit.estimate.high
    if value is None or low is None or high is None:
        return Reason(limit.check, "unsure", limit.undefined)
    sentence = f"{limit.sentence.format(limit.write(value))} ({between(limit.estimate, limit.write)})"
    nearest, farthest, bound = (low, high, limit.bound) if limit.is_floor else (-high, -low, -limit.bound)
    if nearest > bound or (nearest == bound and not limit.strict):
        return Reason(limit.check, "pass", sentence + limit.passed)
    if farthest < bound or (farthest == bound and limit.strict):
        return Reason(limit.check, "fail", sentence + limit.failed)
    return Reason(limit.check, "unsure", sentence + limit.unsure + _needed(limit, rows, where))


def _needed(limit: Limit, rows: int | None, where: str) -> str:
    """How many rows would take the limit out of the interval, if the estimate stayed where it is.

    An interval is as wide as one over the square root of the rows.
    """
    value, low, high = limit.estimate.value, limit.estimate.low, limit.estimate.high
    if rows is None or value is None or low is None or high is None:
        return ""
    reach = value - low if value > limit.bound else high - value
    distance = abs(value - limit.bound)
    if distance * math.sqrt(MOST_TIMES) < reach:
        return f" It is so near that {MOST_TIMES} times as many rows would not decide."
    needed = math.ceil(1.02 * rows * (reach / distance) ** 2)
    digits = max(1, 10 ** (len(str(needed)) - 2))
    return f" About {-(-needed // digits) * digits:,} rows would decide if it stayed there; the {where} has {rows:,}."


def floor(
    name: str,
    estimate: Estimate,
    bound: float,
    *,
    subject: str = "",
    sentence: str = "",
    write: Write = score,
    bound_text: str = "",
) -> Limit:
    """A minimum of the contract.

    Args:
        name: of the check.
        subject: of the sentences; ``The <name>`` without it.
        sentence: about the value; ``<subject> is {}`` without it.
        bound_text: the bound in words; ``:g`` without it.
    """
    subject, text = subject or f"The {name}", f"its floor of {bound_text or format(bound, 'g')}"
    return Limit(
        check=name,
        estimate=estimate,
        bound=bound,
        is_floor=True,
        strict=False,
        sentence=sentence or f"{subject} is {{}}",
        write=write,
        passed=f", above {text}.",
        failed=f", below {text}.",
        unsure=f": too close to {text} to tell.",
        undefined=f"{subject} is not defined on these rows, so {text} is not shown to hold.",
    )


def ceiling(name: str, estimate: Estimate, bound: float) -> Limit:
    """A maximum of the contract."""
    text = f"its limit of {bound:g}"
    return Limit(
        check=name,
        estimate=estimate,
        bound=bound,
        is_floor=False,
        strict=False,
        sentence=f"The {name} is {{}}",
        write=score,
        passed=f", under {text}.",
        failed=f", over {text}.",
        unsure=f": too close to {text} to tell.",
        undefined=f"The {name} is not defined on these rows, so {text} is not shown to hold.",
    )


def between(estimate: Estimate, write: Write) -> str:
    """``95 % interval 0.71 to 0.78``."""
    return f"95 % interval {write(estimate.low or 0.0)} to {write(estimate.high or 0.0)}"
