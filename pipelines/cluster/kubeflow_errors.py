"""Errors of the Kubeflow Pipelines API as one line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from tenure.errors import InputError, SourceError, TenureError, one_line

TOKEN_VARIABLE = "KFP_TOKEN"  # noqa: S105 a variable's name
MAX_MESSAGE = 300


@contextlib.contextmanager
def api_errors(api: str) -> Iterator[None]:
    """Convert the errors of the client of the API at ``api``.

    Raises:
        SourceError: the API is unreachable, times out, fails or denies access.
        InputError: the API rejects the request.
    """
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise status_error(int(error.status or 0), body_message(error.body) or str(error.reason), api) from error
    except (HTTPError, OSError) as error:
        raise SourceError(f"Kubeflow Pipelines at {api} cannot be reached: {reason(error)}") from error


def status_error(status: int, message: str, api: str) -> TenureError:
    """The error for an HTTP status."""
    if status == 401:
        return SourceError(
            f"Kubeflow Pipelines at {api} refuses (401), put a valid token into {TOKEN_VARIABLE}: {message}"
        )
    if status == 403:
        return SourceError(f"Kubeflow Pipelines at {api} forbids (403): {message}; ask for a role that may do this")
    if 400 <= status < 500:
        return InputError(f"Kubeflow Pipelines at {api} rejects the request ({status}): {message}")
    return SourceError(f"Kubeflow Pipelines at {api} failed ({status}): {message}")


def body_message(body: str | bytes | None) -> str:
    """The message in the body of an error response; empty if the body is not the API's JSON."""
    try:
        document = json.loads(body or "")
    except ValueError:
        return ""
    message = document.get("message") or document.get("error") or "" if isinstance(document, dict) else ""
    return one_line(message, MAX_MESSAGE)


def reason(error: BaseException) -> str:
    """The root cause of a connection error, in one line."""
    cause = getattr(error, "reason", error)
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return one_line(text, MAX_MESSAGE)
