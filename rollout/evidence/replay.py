"""The outcome of a replay: the canary's answers to logged requests, before it has any traffic, against the logged ones.

The scores of another model may differ. What fails a replay is a canary whose scores are distributed otherwise, that
predicts another quantity, or that fails on requests which stable answered.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rollout.limits import Limits

if TYPE_CHECKING:
    from tenure.prediction_log import Logged


@dataclass(frozen=True)
class Replay:
    """Whether the canary passed, and the figures or the failure in one line."""

    ok: bool
    summary: str


@dataclass(frozen=True)
class Answer:
    """The canary's answer to one row. ``error`` is "" if it answered; ``output`` is then the name of the score."""

    score: float | None
    latency_s: float
    fallback: bool = False
    error: str = ""
    output: str = ""


def compare(logged: Sequence[Logged], answers: Iterable[Answer], limits: Limits) -> Replay:
    """Compare the canary's answers with the logged ones, row by row.

    The limits apply to the shares of failed requests and fallback answers and to the Kolmogorov distance between the
    two distributions of scores. Latency is reported only: a replay's load is not the service's.

    Args:
        logged: rows with a score.
        answers: one for each, in order; no further one is taken once the outcome is certain.
        limits: of the rollout.
    """
    n = len(logged)
    scored: list[tuple[float, float]] = []
    latencies_s: list[float] = []
    failed, fallbacks = 0, 0
    for row, answer in zip(logged, answers, strict=True):
        latencies_s.append(answer.latency_s)
        if answer.error:
            failed += 1
            if failed / n > limits.error_share:
                return Replay(False, f"{failed} of {len(latencies_s)} replayed requests failed ({answer.error})")
            continue
        if row.output not in (None, answer.output):
            return Replay(
                False,
                f"the canary answers {answer.output!r} and stable {row.output!r}: one predicts a number, the other a "
                f"probability, so neither can replace the other",
            )
        fallbacks += answer.fallback
        if fallbacks / n > limits.fallback_share:
            return Replay(False, f"{fallbacks} of {len(latencies_s)} replayed requests got the fallback answer")
        assert row.score is not None and answer.score is not None  # noqa: S101 logged rows have a score, and the answer is not an error
        scored.append((row.score, answer.score))
    if not scored:
        return Replay(False, f"none of {n} replayed requests was answered")
    before, after = [pair[0] for pair in scored], [pair[1] for pair in scored]
    distance, at = kolmogorov(before, after)
    moved = sum(abs(one - other) for one, other in scored) / len(scored)
    p99_ms = 1000 * sorted(latencies_s)[math.ceil(0.99 * n) - 1]
    figures = f"{n} rows, score distance {distance:.3f} at {at:.3g}, mean change {moved:.3g}, p99 {p99_ms:.0f} ms"
    if distance > limits.score_distance:
        return Replay(False, f"{figures}; at most {limits.score_distance:g} is tolerated")
    return Replay(True, figures)


def kolmogorov(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Largest difference of the two empirical distribution functions, and where it is."""
    first, second = sorted(one), sorted(other)
    gaps = (
        (abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second)), at)
        for at in sorted({*first, *second})
    )
    return max(gaps)
