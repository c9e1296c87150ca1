"""The public keys of an OpenID Connect provider, fetched in a thread."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from serving.observation import logs
from tenure.errors import InputError, one_line

_MAX_BYTES = 1024 * 1024
_TIMEOUT_S = 5.0
_FRESH_S = 300.0
"""How long a fetched set is used without fetching it again."""
_PAUSE_S = 10.0
"""Minimum time between two fetches, so that no client can make this server flood the provider."""

Fetch = Callable[[], bytes]


class KeySet:
    """A JSON Web Key Set that is fetched again in a thread when it is used and no longer fresh.

    If a fetch fails, the last valid set stays in use.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: list[jwt.PyJWK] = []
        self._fresh_until = -float("inf")
        self._next_attempt = -float("inf")
        self._thread: threading.Thread | None = None
        self.generation = 0
        """The number of sets fetched so far."""

    @property
    def fetching(self) -> bool:
        """Whether a fetch is running."""
        return self._thread is not None and self._thread.is_alive()

    def refresh_if_stale(self) -> None:
        """Start a fetch in a thread if the set is no longer fresh."""
        if self._clock() >= self._fresh_until:
            self._begin()

    def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id and algorithm. For an unknown key None is returned and a fetch is started."""
        for key in self._keys:
            if key.algorithm_name == algorithm and (key_id is None or key.key_id == key_id):
                return key
        self._begin()
        return None

    def refresh(self) -> None:
        """Fetch the set now; an error is logged."""
        try:
            keys = _read(self._fetch())
        except Exception as error:  # any content may come from outside; the last valid set stays
            reason = one_line(error, 200)
            logs.server.error("the issuer's keys stay as they were: %s", reason)
            return
        self._keys = keys
        self._fresh_until = self._clock() + _FRESH_S
        self.generation += 1

    def _begin(self) -> None:
        now = self._clock()
        if self.fetching or now < self._next_attempt:
            return
        self._next_attempt = now + _PAUSE_S
        self._thread = threading.Thread(target=self.refresh, name="jwks", daemon=True)
        self._thread.start()


def from_file(path: Path) -> Fetch:
    """A set in a file."""
    return path.read_bytes


def from_url(url: str) -> Fetch:
    """A set at an address.

    Raises:
        InputError: the address is neither HTTPS nor local, so keys could be forged on the way.
    """
    _check(url)
    return lambda: _get(url)


def from_issuer(issuer: str) -> Fetch:
    """The set that an issuer names in its configuration (OpenID Connect Discovery 1.0, section 4).

    Raises:
        InputError: as ``from_url``.
    """
    _check(issuer)

    def fetch() -> bytes:
        described = json.loads(_get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if not isinstance(described, dict) or described.get("issuer") != issuer:
            raise ValueError("the configuration is of another issuer")
        url = described.get("jwks_uri")
        if not isinstance(url, str):
            raise TypeError("the issuer's configuration names no jwks_uri")
        try:
            _check(url)
        except InputError as error:
            raise ValueError(str(error)) from None
        return _get(url)

    return fetch


def _read(content: bytes) -> list[jwt.PyJWK]:
    document = json.loads(content)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise TypeError("not a set of keys")
    # Keys of unknown types are skipped; symmetric keys are never accepted.
    keys = []
    for entry in listed:
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP") and entry.get("use", "sig") == "sig":
            try:
                keys.append(jwt.PyJWK(entry))
            except jwt.PyJWTError:
                continue
    if not keys:
        raise ValueError("the set has no key for signatures")
    return keys


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect: the answer is an error."""


_open = urllib.request.build_opener(_NoRedirect).open


def _get(url: str) -> bytes:
    with _open(url, timeout=_TIMEOUT_S) as response:
        content: bytes = response.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"the issuer's answer is longer than {_MAX_BYTES} bytes")
    return content


def _check(url: str) -> None:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.hostname and (parts.scheme == "https" or local)):
        raise InputError(f"{ascii(url)[:200]} is not an https:// address")
