"""Replay of logged requests against a canary that has no traffic yet.

Scores of another model may differ; that they are all wrong, or all the same, or that requests fail which stable
answered, is what is looked for. Answers stay here: nobody sees them.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.request
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serving.rollout.limits import Limits
from serving.rollout.observation import Replay
from tenure.errors import DataError

if TYPE_CHECKING:
    from tenure.prediction_log import Logged

KEY_VARIABLE = "TENURE_API_KEY"

FEWEST_ROWS = 100
"""Fewer rows than this say nothing about a distribution."""


@dataclass(frozen=True)
class Answer:
    """What the canary said to one row. ``error`` is "" if it answered."""

    score: float | None
    latency_s: float
    fallback: bool = False
    error: str = ""


def ask(url: str, model: str, logged: Logged, timeout_s: float) -> Answer:
    """Send one logged row over V2 to the server at ``url``."""
    body = {
        "id": f"replay-{logged.request_id}",
        "inputs": [_tensor(name, value) for name, value in logged.inputs.items()],
    }
    request = urllib.request.Request(  # noqa: S310
        f"{url.rstrip('/')}/v2/models/{model}/infer",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Request-ID": f"replay-{logged.request_id}", **_key()},
    )
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            document = json.loads(answer.read())
        outputs = {item["name"]: item["data"] for item in document["outputs"]}
        score = float(outputs["probability"][0])
        if not 0.0 <= score <= 1.0:
            return Answer(None, time.perf_counter() - started, error=f"probability {score}")
        fallback = bool(document.get("parameters", {}).get("fallback"))
    except urllib.error.HTTPError as error:
        text = " ".join(error.read(500).decode(errors="replace").split())
        return Answer(None, time.perf_counter() - started, error=f"HTTP {error.code}: {text[:200]}")
    except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return Answer(None, time.perf_counter() - started, error=f"{type(error).__name__}: {error}")
    return Answer(score, time.perf_counter() - started, fallback)


def _key() -> dict[str, str]:
    """Where the server asks for a key, this one is ours."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def compare(logged: Sequence[Logged], answers: Sequence[Answer], limits: Limits) -> Replay:
    """The canary's answers against the logged ones, row by row.

    Held against the limits of the rollout: failed requests, fallback answers, and Kolmogorov's distance between the
    two distributions of scores. Latency is told, not judged: a replay's load is not the service's.

    Raises:
        DataError: if there are too few rows with a score to say anything.
    """
    pairs = [
        (row, answer) for row, answer in zip(logged, answers, strict=True) if not row.fallback and row.score is not None
    ]
    if len(pairs) < FEWEST_ROWS:
        raise DataError(f"{len(pairs)} logged rows with a score: a replay needs at least {FEWEST_ROWS}")
    n = len(pairs)
    failed = [answer.error for _, answer in pairs if answer.error]
    if len(failed) / n > limits.error_share:
        return Replay(False, f"{len(failed)} of {n} replayed requests failed ({failed[0]})")
    fallbacks = sum(answer.fallback for _, answer in pairs)
    if fallbacks / n > limits.fallback_share:
        return Replay(False, f"{fallbacks} of {n} replayed requests got the fallback answer")
    scored = [(row.score, answer.score) for row, answer in pairs if row.score is not None and answer.score is not None]
    before, after = [pair[0] for pair in scored], [pair[1] for pair in scored]
    distance, at = kolmogorov(before, after)
    moved = sum(abs(one - other) for one, other in scored) / len(scored)
    latencies = sorted(answer.latency_s for _, answer in pairs)
    p99_ms = 1000 * latencies[math.ceil(0.99 * n) - 1]
    told = f"{n} rows, score distance {distance:.3f} at {at:.2f}, mean change {moved:.3f}, p99 {p99_ms:.0f} ms"
    if distance > limits.score_distance:
        return Replay(False, f"{told}; at most {limits.score_distance:g} is tolerated")
    return Replay(True, told)


def kolmogorov(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Largest difference of the two empirical distribution functions, and where it is."""
    first, second = sorted(one), sorted(other)
    gaps = (
        (abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second)), at)
        for at in sorted({*first, *second})
    )
    return max(gaps)


def _tensor(name: str, value: Any) -> dict[str, Any]:
    """One row's value as a V2 tensor; ``null`` is a missing value."""
    if isinstance(value, bool):
        datatype = "BOOL"
    elif isinstance(value, int):
        datatype = "INT64"
    elif isinstance(value, float):
        datatype, value = "FP64", (None if math.isnan(value) else value)
    else:
        datatype = "BYTES"
        value = value if value is None or isinstance(value, str) else str(value)
    return {"name": name, "datatype": datatype, "shape": [1], "data": [value]}
