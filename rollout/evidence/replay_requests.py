"""Logged requests, sent again to a canary that has no traffic yet. Its answers are compared and then dropped."""

from __future__ import annotations

import http.client
import json
import math
import os
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from rollout.evidence.replay import Answer
from tenure.errors import DataError, SourceError, one_line
from tenure.tasks import outputs_among

if TYPE_CHECKING:
    from tenure.prediction_log import Logged

KEY_VARIABLE = "TENURE_API_KEY"

FEWEST_ROWS = 100
"""The smallest number of rows from which two distributions are compared."""


def logged_rows(location: str, rows: int, model: str) -> list[Logged]:
    """The last rows of a log that the model itself answered, at most ``rows``.

    Raises:
        DataError: there is no such log, or it has fewer than ``FEWEST_ROWS`` such rows.
        SourceError: the log cannot be reached.
    """
    from tenure import prediction_log

    newest = prediction_log.newest(location, rows, model)
    found = [row for row in newest if not row.fallback and row.score is not None]
    if len(found) < FEWEST_ROWS:
        raise DataError(
            f"{location}: of the last {len(newest)} rows of {model}, {len(found)} have a score of the model: "
            f"a replay needs at least {FEWEST_ROWS}"
        )
    return found


def reach(url: str, timeout_s: float) -> None:
    """Check that the server at ``url`` answers HTTP at all, whatever the status.

    A server that cannot be reached from here is not evidence against the canary.

    Raises:
        SourceError: it cannot be reached.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/v2/health/live", timeout=timeout_s):  # noqa: S310
            return
    except urllib.error.HTTPError:
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(
            f"the canary cannot be reached at {url} ({reason}): the rollout waits for its replay; from outside the "
            f"cluster forward a port to the canary, give its URL as --canary-url, and start again"
        ) from error


def send(url: str, model: str, logged: Logged, timeout_s: float) -> Answer:
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
        data = {item["name"]: item["data"] for item in document["outputs"]}
        outputs = outputs_among(data)
        output, score = outputs.score, float(data[outputs.score][0])
        if not outputs.lowest <= score <= outputs.highest:
            return Answer(None, time.perf_counter() - started, error=f"{output} {score}")
        fallback = bool(document.get("parameters", {}).get("fallback"))
    except urllib.error.HTTPError as error:
        text = one_line(error.read(500).decode(errors="replace"), 200)
        return Answer(None, time.perf_counter() - started, error=f"HTTP {error.code}: {text}")
    except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return Answer(None, time.perf_counter() - started, error=f"{type(error).__name__}: {error}")
    return Answer(score, time.perf_counter() - started, fallback, output=output)


def _key() -> dict[str, str]:
    """The header of the API key, if one is set for this process."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


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
