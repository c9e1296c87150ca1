"""JSON over HTTP, with errors of one line."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from tenure.errors import InputError, ServingError, TenureError

_MAX_ANSWER_BYTES = 256 * 1024 * 1024
# Without proxies: one that is configured for the internet must not get customers' rows.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post_json(url: str, document: Mapping[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """Send ``document`` and read the answer.

    Raises:
        InputError: the server refuses the request (status 4xx); the message is the server's.
        ServingError: the server cannot be reached, takes too long, fails, or its answer is not JSON.
    """
    body = json.dumps(document, allow_nan=False).encode()
    return _ask(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout_s)  # noqa: S310


def get_json(url: str, *, timeout_s: float) -> dict[str, Any]:
    """Read a JSON document; errors as for ``post_json``."""
    return _ask(urllib.request.Request(url), timeout_s)  # noqa: S310


def _ask(request: urllib.request.Request, timeout_s: float) -> dict[str, Any]:
    url = request.full_url
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url} is not an HTTP address")
    try:
        with _OPENER.open(request, timeout=timeout_s) as response:
            content = response.read(_MAX_ANSWER_BYTES)
    except urllib.error.HTTPError as error:
        raise _refusal(error, url) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise ServingError(f"no answer from {url}: {reason}") from None
    document = _read(content)
    if document is None:
        raise ServingError(f"{url} did not answer with a JSON object")
    return document


def _refusal(error: urllib.error.HTTPError, url: str) -> TenureError:
    document = _read(error.read(64 * 1024)) or {}
    reason = f"{document.get('error') or error.reason} (status {error.code} from {url})"
    return InputError(reason) if 400 <= error.code < 500 else ServingError(reason)


def _read(content: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
