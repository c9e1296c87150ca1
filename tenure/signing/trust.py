"""The trust root: public keys whose signatures are accepted, read from a file or a folder of PEM files.

    # of the training pipeline, since March
    Valid-Until: 2027-03-31
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEA…
    -----END PUBLIC KEY-----

A line ``Valid-Until`` before a key is optional: after that day (UTC) its signatures are refused. A key that is removed
is not trusted from the next reading on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.errors import InputError
from tenure.signing.private_key import SigningKey, key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TRUST_VARIABLE = "TENURE_TRUST"
"""Path of the trust root, where no option names one."""
VALID_UNTIL = "Valid-Until: "
MAX_KEYS = 64
_MAX_FILE_BYTES = 256 * 1024
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\n.*?\n-----END \1-----\n", re.DOTALL)


@dataclass(frozen=True)
class TrustedKey:
    """A public key that is trusted until the end of a day."""

    key_id: str
    public: Ed25519PublicKey
    valid_until: date | None = None
    """UTC; None: until it is removed."""

    def expired(self, today: date) -> bool:
        """Whether its signatures are refused on the day ``today``."""
        return self.valid_until is not None and today > self.valid_until

    def matches(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's over ``message``."""
        from cryptography.exceptions import InvalidSignature

        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class TrustRoot:
    """The trusted keys, at least one."""

    keys: tuple[TrustedKey, ...]

    @classmethod
    def of(cls, key: SigningKey) -> TrustRoot:
        """The trust root that accepts the signatures of ``key`` alone."""
        return cls((TrustedKey(key.key_id, key.public),))

    @classmethod
    def configured(cls, environment: Mapping[str, str] = os.environ) -> TrustRoot | None:
        """The trust root in ``TENURE_TRUST``: a path, or the keys themselves, as a Secret gives them; None if not set.

        Raises:
            InputError: the variable is empty, or the keys are invalid.
        """
        text = environment.get(TRUST_VARIABLE)
        if text is not None and "-----BEGIN" in text:
            return cls._of_keys(parse_keys(text, TRUST_VARIABLE), TRUST_VARIABLE)
        path = trust_path(None, environment)
        return None if path is None else cls.read(path)

    @classmethod
    def read(cls, path: Path | str) -> TrustRoot:
        """Read a PEM file, or every file of a folder whose name does not begin with a dot.

        Raises:
            InputError: a file cannot be read, holds something else than Ed25519 public keys, or there is no key, or one
                key twice with different days.
        """
        path = Path(path)
        try:
            if path.is_dir():
                files = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
            else:
                files = [path]
            found = [key for file in files for key in parse_keys(_text(file), str(file))]
        except OSError as error:
            raise InputError(f"trust root {path}: cannot be read: {error.strerror}") from None
        return cls._of_keys(found, str(path))

    @classmethod
    def _of_keys(cls, found: list[TrustedKey], origin: str) -> TrustRoot:
        if not found:
            raise InputError(f"trust root {origin}: there is no public key, so no bundle could be trusted")
        keys = {key.key_id: key for key in found}
        for key in found:
            if keys[key.key_id].valid_until != key.valid_until:
                raise InputError(f"trust root {origin}: key {key.key_id[:16]} is given twice with different days")
        if len(keys) > MAX_KEYS:
            raise InputError(f"trust root {origin}: {len(keys)} keys, at most {MAX_KEYS} are allowed")
        return cls(tuple(keys.values()))


def trust_path(given: Path | str | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The path of the trust root: ``given``, else the one in ``TENURE_TRUST``; None if there is neither.

    Raises:
        InputError: the variable or ``given`` is empty. A trust root that is lost by mistake must not switch the check
            off.
    """
    text = environment.get(TRUST_VARIABLE) if given is None else str(given)
    if text is None:
        return None
    if not text.strip():
        where = TRUST_VARIABLE if given is None else "the trust root's path"
        raise InputError(f"{where} is empty: name a file or folder of public keys, or leave it out")
    return Path(text)


def parse_keys(text: str, origin: str) -> list[TrustedKey]:
    """The public keys in PEM text.

    Raises:
        InputError: the text holds something else.
    """
    keys, end = [], 0
    text = text.replace("\r\n", "\n") + "\n"
    for block in _BLOCK.finditer(text):
        valid_until = _valid_until(text[end : block.start()], origin)
        keys.append(_key(block, valid_until, origin))
        end = block.end()
    if _valid_until(text[end:], origin) is not None:
        raise InputError(f"{origin}: no key follows '{VALID_UNTIL.strip()}'")
    return keys


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def _key(block: re.Match[str], valid_until: date | None, origin: str) -> TrustedKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if block[1] != "PUBLIC KEY":
        raise InputError(f"{origin}: it holds a {block[1]}; a trust root holds only public keys")
    try:
        public = load_pem_public_key(block[0].encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{origin}: it is not a public key in PEM") from None
    if not isinstance(public, Ed25519PublicKey):
        raise InputError(f"{origin}: the key is not an Ed25519 key, the one kind that signs bundles")
    return TrustedKey(key_id(public), public, valid_until)


def _valid_until(between: str, origin: str) -> date | None:
    """The day in the lines before a key. Lines of another kind are refused: a misspelt day would never expire."""
    day = None
    for line in between.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(VALID_UNTIL) or day is not None:
            allowed = f"a public key in PEM, a comment ('#') or one {VALID_UNTIL.strip()}"
            raise InputError(f"{origin}: {ascii(line)[:100]} is not {allowed}")
        try:
            day = read_day(line.removeprefix(VALID_UNTIL).strip())
        except InputError as error:
            raise InputError(f"{origin}: {error}") from None
    return day


def read_day(text: str) -> date:
    """The day that ``text`` names, as in 2027-03-31.

    Raises:
        InputError: it names none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{ascii(text)[:100]} is not a day as in 2027-03-31") from None


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        raw = opened.read(_MAX_FILE_BYTES + 1)
    if len(raw) > _MAX_FILE_BYTES:
        raise InputError(f"trust root {file}: more than {_MAX_FILE_BYTES} bytes")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise InputError(f"trust root {file}: not text in ASCII, as PEM is") from None
