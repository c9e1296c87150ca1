"""notify: one JSON line about the end of a run, also posted to a webhook if one is configured."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from components.notify.spec import WEBHOOK_VARIABLE
from tenure.errors import one_line

TIMEOUT_S = 10.0


def run(*, state: str, message: str | None, code: int | None, run_id: str, pipeline: str) -> dict[str, Any]:
    """Print the outcome, and post it to the webhook.

    The outcome is printed as one JSON line. If ``TENURE_ALERT_WEBHOOK`` is set, it is also posted there, with a
    ``text`` for chat systems. A webhook that cannot be reached is reported and does not fail the run.

    Args:
        state: ``SUCCEEDED``, ``FAILED`` or ``CANCELLED``; ``ALERT`` for the result of a run that succeeded.
        message: error message of the task that failed.
        code: code of the error.
        run_id: Kubeflow's id of the run.
        pipeline: name of the pipeline.

    Returns:
        The outcome: ``pipeline``, ``run_id``, ``state``, ``message``, ``code``, ``time``, ``alerted`` (the webhook's
        host, or null) and ``alert_error`` (why the post failed, or null).
    """
    outcome: dict[str, Any] = {
        "event": "run_ended",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "pipeline": pipeline,
        "run_id": run_id,
        "state": state,
        "message": one_line(message or ""),
        "code": code or 0,
    }
    outcome["text"] = _text(outcome)
    webhook = os.environ.get(WEBHOOK_VARIABLE, "").strip()
    outcome["alerted"], outcome["alert_error"] = _post(webhook, outcome) if webhook else (None, None)
    print(json.dumps(outcome), flush=True)
    return outcome


def _text(outcome: dict[str, Any]) -> str:
    ended = f"{outcome['pipeline']} run {outcome['run_id']} {outcome['state'].lower()}"
    return f"{ended}: {outcome['message']}" if outcome["message"] else ended


def _post(webhook: str, outcome: dict[str, Any]) -> tuple[str | None, str | None]:
    parts = urlsplit(webhook)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None, f"{WEBHOOK_VARIABLE} is not an http(s) URL"
    request = urllib.request.Request(  # noqa: S310 the scheme is checked above
        webhook, json.dumps(outcome).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            return parts.hostname, None
    except urllib.error.HTTPError as error:
        return None, f"{parts.hostname} answered {error.code}"
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        return None, f"{parts.hostname} cannot be reached: {why}"
