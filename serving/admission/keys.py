"""API keys: ``NAME.SECRET``, where the secret is 256 random bits. The server stores salted hashes only.

One line a key, ``NAME:sha256/SALT/DIGEST``. One round of SHA-256 is enough: slow hashes protect secrets that people
choose, and 2^256 random ones cannot be tried out. A name may have several lines, so that a key can be replaced while
the old one still works.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from serving.observation import logs
from tenure.errors import InputError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LINE = re.compile(rf"({_NAME.pattern}):sha256/([0-9a-f]{{32}})/([0-9a-f]{{64}})")
_MAX_KEYS = 10_000
_MAX_FILE_BYTES = 2 * 1024 * 1024
_CHECK_EVERY_S = 1.0
"""How long a key may stay valid after its line was removed from the file."""


class _Hashed(NamedTuple):
    salt: bytes
    digest: bytes


_UNKNOWN_NAME = (_Hashed(bytes(16), bytes(32)),)
"""Compared with a key of an unknown name, so that the time of an answer does not reveal which names exist."""

KeyRing = Mapping[str, tuple[_Hashed, ...]]
"""Hashed keys by name."""


def create_key(name: str) -> tuple[str, str]:
    """Create a key.

    Returns:
        The key, and the line by which a server verifies it.

    Raises:
        InputError: the name is invalid.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"key name {ascii(name)[:80]}: lower-case letters, digits, - and _ are allowed, 63 at most")
    key = f"{name}.{secrets.token_urlsafe(32)}"
    salt = secrets.token_bytes(16)
    return key, f"{name}:sha256/{salt.hex()}/{_digest(salt, key).hex()}"


def parse_keys(text: str, origin: str) -> KeyRing:
    """Read the lines of ``create_key``; empty lines and those that begin with # are skipped.

    Raises:
        InputError: a line is invalid; the message names its number and quotes nothing of it.
    """
    found: dict[str, tuple[_Hashed, ...]] = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(f"{origin}: line {number} is not NAME:sha256/SALT/DIGEST")
        name, salt, digest = match.groups()
        found[name] = (*found.get(name, ()), _Hashed(bytes.fromhex(salt), bytes.fromhex(digest)))
        if len(found) > _MAX_KEYS:
            raise InputError(f"{origin}: more than {_MAX_KEYS} names")
    return found


def owner(ring: KeyRing, key: str) -> str | None:
    """The name that a key belongs to; None if the key is invalid."""
    name = key.partition(".")[0]
    valid = False
    for hashed in ring.get(name, _UNKNOWN_NAME):
        valid |= hmac.compare_digest(_digest(hashed.salt, key), hashed.digest)
    return name if valid else None


class KeyFile:
    """Keys in a file, such as a mounted Secret, read again when it changes.

    If the file can no longer be read, or holds an invalid line, the keys read last stay valid. An empty file revokes
    all keys.

    Raises:
        InputError: when constructed, if the file cannot be read or holds no key.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._seen = self._state()
        self._ring = parse_keys(self._text(), str(path))
        if not self._ring:
            raise InputError(f"{path} holds no key")
        self._check_at = clock() + _CHECK_EVERY_S

    def ring(self) -> KeyRing:
        """The current keys."""
        now = self._clock()
        if now >= self._check_at:
            self._check_at = now + _CHECK_EVERY_S
            state = self._state()
            if state != self._seen:
                self._seen = state
                self._read_again()
        return self._ring

    def _read_again(self) -> None:
        try:
            self._ring = parse_keys(self._text(), "API keys")
        except InputError as error:
            logs.server.error("the API keys stay as they were: %s", error)
        else:
            logs.server.info("API keys read again", extra={"fields": {"names": len(self._ring)}})

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _text(self) -> str:
        try:
            with self._path.open("rb") as file:
                content = file.read(_MAX_FILE_BYTES + 1)
        except OSError as error:
            raise InputError(f"{self._path}: {os.strerror(error.errno or 0)}") from None
        if len(content) > _MAX_FILE_BYTES:
            raise InputError(f"{self._path}: longer than {_MAX_FILE_BYTES} bytes")
        return content.decode("utf-8", errors="replace")


def _digest(salt: bytes, key: str) -> bytes:
    return hashlib.sha256(salt + key.encode()).digest()
