"""Replay of logged requests against a canary that has no traffic yet.

Scores of another model may differ; that they are all wrong, or all the same, or that requests fail which stable
answered, is what is looked for. Answers stay here: nobody sees them.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rollout.limits import Limits
from rollout.observation import Replay
from tenure.errors import DataError, SourceError

if TYPE_CHECKING:
    from tenure.prediction_log import Logged

KEY_VARIABLE = "TENURE_API_KEY"

FEWEST_ROWS = 100
"""Fewer rows than this say nothing about a distribution."""

OUTPUTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"probability": (0.0, 1.0), "value": (-sys.float_info.max, sys.float_info.max)}
)
"""The output that is the score, of a classification and of a regression, and the smallest and largest it can be."""


@dataclass(frozen=True)
class Answer:
    """What the canary said to one row. ``error`` is "" if it answered; ``output`` is the score's name then."""

    score: float | None
    latency_s: float
    fallback: bool = False
    error: str = ""
    output: str = ""


def reach(url: str, timeout_s: float) -> None:
    """Ask the server at ``url`` anything: one that cannot be reached from here says nothing about the canary.

    Raises:
        SourceError: it does not answer.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/v2/health/live", timeout=timeout_s):  # noqa: S310
            return
    except urllib.error.HTTPError:
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(
            f"the canary cannot be reached at {url} ({reason}): it waits for its replay; from outside the cluster "
            f"forward a port to it, say where by --canary-url, and start again"
        ) from error


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
        output, score = _score({item["name"]: item["data"] for item in document["outputs"]})
        low, high = OUTPUTS[output]
        if not low <= score <= high:
            return Answer(None, time.perf_counter() - started, error=f"{output} {score}")
        fallback = bool(document.get("parameters", {}).get("fallback"))
    except urllib.error.HTTPError as error:
        text = " ".join(error.read(500).decode(errors="replace").split())
        return Answer(None, time.perf_counter() - started, error=f"HTTP {error.code}: {text[:200]}")
    except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return Answer(None, time.perf_counter() - started, error=f"{type(error).__name__}: {error}")
    return Answer(score, time.perf_counter() - started, fallback, output=output)


def _score(outputs: Mapping[str, Sequence[Any]]) -> tuple[str, float]:
    """Name and number of the first row's score."""
    for output in OUTPUTS:
        if output in outputs:
            return output, float(outputs[output][0])
    raise ValueError(f"no output {' or '.join(OUTPUTS)}, but {', '.join(outputs) or 'none'}")


def _key() -> dict[str, str]:
    """Where the server asks for a key, this one is ours."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def replayable(location: str, rows: int, model: str) -> list[Logged]:
    """The last rows of a log that the model itself answered, at most ``rows``.

    Raises:
        DataError: if there is no such log, or it has too few such rows to say anything.
        SourceError: if the log cannot be reached.
    """
    from tenure import prediction_log

    asked = prediction_log.newest(location, rows, model)
    found = [row for row in asked if not row.fallback and row.score is not None]
    if len(found) < FEWEST_ROWS:
        raise DataError(
            f"{location}: of the last {len(asked)} rows that were asked of {model}, {len(found)} have a score of the "
            f"model: a replay needs at least {FEWEST_ROWS}"
        )
    return found


def compare(logged: Sequence[Logged], answers: Iterable[Answer], limits: Limits) -> Replay:
    """The canary's answers against the logged ones, row by row.

    Held against the limits of the rollout: failed requests, fallback answers, and Kolmogorov's distance between the
    two distributions of scores. Latency is told, not judged: a replay's load is not the service's.

    Args:
        logged: rows with a score, at least ``FEWEST_ROWS``.
        answers: to each, in order; asked for no more once the outcome is certain.
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
                f"probability, and nothing can take the other's place",
            )
        fallbacks += answer.fallback
        if fallbacks / n > limits.fallback_share:
            return Replay(False, f"{fallbacks} of {len(latencies_s)} replayed requests got the fallback answer")
        assert row.score is not None and answer.score is not None  # noqa: S101 replayable, and no error
        scored.append((row.score, answer.score))
    if not scored:
        return Replay(False, f"none of {n} replayed requests was answered")
    before, after = [pair[0] for pair in scored], [pair[1] for pair in scored]
    distance, at = kolmogorov(before, after)
    moved = sum(abs(one - other) for one, other in scored) / len(scored)
    p99_ms = 1000 * sorted(latencies_s)[math.ceil(0.99 * n) - 1]
    told = f"{n} rows, score distance {distance:.3f} at {at:.3g}, mean change {moved:.3g}, p99 {p99_ms:.0f} ms"
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
