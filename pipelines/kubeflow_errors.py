"""What Kubeflow Pipelines answers when it refuses or fails, in one line."""

from __future__ import annotations

import json

from tenure.errors import InputError, SourceError, TenureError

TOKEN_VARIABLE = "KFP_TOKEN"  # noqa: S105 a variable's name
MAX_MESSAGE = 300


def refusal(status: int, message: str, shown: str) -> TenureError:
    """The error that an HTTP status means."""
    if status in (401, 403):
        return SourceError(
            f"Kubeflow Pipelines at {shown} refuses ({status}), put a valid token into {TOKEN_VARIABLE}: {message}"
        )
    if 400 <= status < 500:
        return InputError(f"Kubeflow Pipelines at {shown} does not take this ({status}): {message}")
    return SourceError(f"Kubeflow Pipelines at {shown} failed ({status}): {message}")


def body_message(body: str | bytes | None) -> str:
    """What the API says in the body of an error; empty if that is not its JSON."""
    try:
        document = json.loads(body or "")
    except ValueError:
        return ""
    found = document.get("message") or document.get("error") or "" if isinstance(document, dict) else ""
    return " ".join(str(found).split())[:MAX_MESSAGE]


def why(error: BaseException) -> str:
    """The reason at the bottom of an error of a connection."""
    reason = getattr(error, "reason", error)
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(str(text).split())[:MAX_MESSAGE]
