"""Addresses of tables: environment variables are replaced, credentials are removed from messages."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from tenure.contract.settings import Source
from tenure.errors import ContractError

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SQLITE = re.compile(r"^(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:)(.+)$")
SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|credential|sig", re.IGNORECASE)
SHORT_SECRET = 4
"""Shorter secrets may be parts of ordinary words: they are not replaced in messages."""


@dataclass(frozen=True)
class Address:
    """Address of a table."""

    uri: str
    """For the library that opens it. May contain credentials: never part of a message."""
    shown: str
    """For messages, without credentials."""
    secrets: tuple[str, ...] = ()
    member: str | None = None
    """Of a ZIP archive: the file in it that is meant."""

    @property
    def scheme(self) -> str | None:
        """``s3``, ``postgresql+psycopg``…; None for a local path."""
        match = SCHEME.match(self.uri)
        return match[1].lower() if match else None

    @property
    def path(self) -> str:
        """``uri`` without its query and without a slash at its end."""
        return self.uri.split("?")[0].rstrip("/")

    def clean(self, error: BaseException | str) -> str:
        """The first line of an error's message, without credentials."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        line = lines[0] if lines else type(error).__name__
        line = line.replace(self.uri, self.shown)
        for secret in self.secrets:
            if secret in line:
                if len(secret) < SHORT_SECRET:
                    return type(error).__name__
                line = line.replace(secret, "***")
        return line


def resolve(source: Source, base_folder: Path) -> Address:
    """Resolve the address of ``source``.

    Args:
        source: the section of a contract.
        base_folder: the contract's folder, from which relative paths start.

    Raises:
        ContractError: the address is missing, or an environment variable in it is not set.
    """
    if not source.uri:
        raise ContractError("'source.uri' is missing: set it to the table's address, or pass the address")
    secrets: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if value is None:
            raise ContractError(f"'source.uri' uses the environment variable {match[1]}, which is not set")
        if SECRET_NAME.search(match[1]) and value:
            secrets.append(value)
        return value

    uri = _from_folder(VARIABLE.sub(value_of, source.uri), base_folder)
    shown = uri
    if SCHEME.match(uri):
        shown, found = _hide(uri)
        secrets += found
    for secret in secrets:
        shown = shown.replace(secret, "***")
    # Longest first: a secret may be part of another one.
    return Address(uri, shown, tuple(sorted(set(secrets), key=len, reverse=True)))


def absolute_uri(uri: str, base_folder: Path) -> str:
    """``uri`` with an absolute path; environment variables in it are kept."""
    return uri if uri.startswith("${") else _from_folder(uri, base_folder)


def relative_uri(uri: str, folder: Path) -> str:
    """``uri``, which is relative to the current folder, as seen from ``folder``: ``absolute_uri`` leads to the same.

    A path is relative only if file and folder both lie in the current folder, so that they may move together.
    """
    database = SQLITE.match(uri)
    if database is not None:
        return database[1] + _relative_path(database[2], folder)
    if SCHEME.match(uri) or uri.startswith("${"):
        return uri
    return _relative_path(str(Path(uri).expanduser()), folder)


def replace_uri(source: Source, uri: str) -> Source:
    """``source`` with another address; the format is detected from that address."""
    return source.model_copy(update={"uri": uri, "format": None})


def _relative_path(path: str, folder: Path) -> str:
    here = Path.cwd()
    absolute = Path(path).absolute()
    if absolute.is_relative_to(here) and folder.absolute().is_relative_to(here):
        return os.path.relpath(absolute, folder.absolute())
    return str(absolute)


def _from_folder(uri: str, base_folder: Path) -> str:
    """``uri`` with an absolute path.

    Raises:
        ContractError: it is neither an address nor a path that can exist.
    """
    try:
        if uri.startswith("file://"):
            return unquote(urlsplit(uri).path)
        relative = SQLITE.match(uri)
        if relative is not None:
            return f"{relative[1]}{(base_folder / relative[2]).absolute()}"
        if SCHEME.match(uri):
            urlsplit(uri)
            return uri
        path = (base_folder / Path(uri).expanduser()).absolute()
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        # A name that is too long, a bracket that is not closed, a user without a home. The address may hold a password.
        reason = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        raise ContractError(f"'source.uri' is not the address of a table: {reason}") from None
    return str(path)


def _hide(uri: str) -> tuple[str, list[str]]:
    """``uri`` without password and query, and the secrets that were removed."""
    parts = urlsplit(uri)
    secrets = [value for name, value in parse_qsl(parts.query) if SECRET_NAME.search(name) or len(value) >= 16]
    place = parts.netloc
    if "@" in place:
        login, _, host = place.rpartition("@")
        user, colon, password = login.partition(":")
        if colon:
            secrets += [password, unquote(password)]
            place = f"{user}:***@{host}"
    query = "…" if parts.query else ""
    shown = urlunsplit((parts.scheme, place, parts.path, query, ""))
    if parts.scheme.startswith("sqlite") and not parts.netloc:
        shown = f"{parts.scheme}://{parts.path}"
    return shown, [secret for secret in secrets if secret]
