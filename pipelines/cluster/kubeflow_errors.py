"""What Kubeflow Pipelines answers when it refuses or fails, in one line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from tenure.errors import InputError, SourceError, TenureError

TOKEN_VARIABLE = "KFP_TOKEN"  # noqa: S105 a variable's name
MAX_MESSAGE = 300


@contextlib.contextmanager
def answering(shown: str) -> Iterator[None]:
    """Turn what the client of the API at ``shown`` raises into one line.

    Raises:
        SourceError: the API is down, hangs or refuses. InputError: it does not take what was sent.
    """
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise refusal(int(error.status or 0), body_message(error.body) or str(error.reason), shown) from error
    except (HTTPError, OSError) as error:
        raise SourceError(f"Kubeflow Pipelines at {shown} cannot be reached: {why(error)}") from error


def refusal(status: int, message: str, shown: str) -> TenureError:
    """The error that an HTTP status means."""
    if status == 401:
        return SourceError(
            f"Kubeflow Pipelines at {shown} refuses (401), put a valid token into {TOKEN_VARIABLE}: {message}"
        )
    if status == 403:
        return SourceError(f"Kubeflow Pipelines at {shown} forbids (403): {message}; ask for a role that may do this")
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
