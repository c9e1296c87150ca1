"""The history of the champion: who moved it, when, why, from which version to which.

MLflow keeps an alias without its history. Each move is a tag of the registered model with its own key, so that no later
move overwrites it on any MLflow back end. A move is recorded before the alias is moved: if the process is killed in
between, the next move records that the alias was found elsewhere.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from tenure.errors import InputError

PREFIX = "tenure.history."
MAX_TEXT = 1_000
"""Limit of ``who`` and ``why``: a database back end truncates tags at 5,000 characters."""

Action = Literal["first", "promote", "rollback", "found"]


@dataclass(frozen=True)
class Move:
    """One move of the alias ``champion``."""

    when: str
    """UTC, ISO 8601."""
    action: Action
    """``found``: the alias was not where the last move put it; it was moved by hand, or a process was killed."""
    who: str
    why: str
    from_version: str | None
    to_version: str | None


def tag(action: Action, who: str, why: str, from_version: str | None, to_version: str | None) -> tuple[str, str]:
    """Key and value of the tag that records a move made now.

    Raises:
        InputError: ``who`` or ``why`` is empty or too long.
    """
    for name, text in (("who", who), ("why", why)):
        if not text.strip():
            raise InputError(f"a move of the champion needs to say {name}")
        if len(text) > MAX_TEXT:
            raise InputError(f"'{name}' is {len(text):,} characters long, at most {MAX_TEXT:,} are kept")
    now = datetime.now(UTC)
    move = Move(now.isoformat(timespec="microseconds"), action, who.strip(), why.strip(), from_version, to_version)
    return f"{PREFIX}{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}", json.dumps(asdict(move), ensure_ascii=False)


def moves(tags: Mapping[str, str]) -> list[Move]:
    """The moves recorded in a registered model's ``tags``, oldest first."""
    return [Move(**json.loads(value)) for key, value in sorted(tags.items()) if key.startswith(PREFIX)]


def champions(history: Iterable[Move]) -> list[str]:
    """The champions that a rollback can return to, the present one last."""
    stack: list[str] = []
    for move in history:
        if move.to_version is None:
            continue
        if move.action in ("rollback", "found") and move.to_version in stack:
            # A move that did not happen, or was undone, is no target of a rollback.
            del stack[len(stack) - stack[::-1].index(move.to_version) :]
        elif stack[-1:] != [move.to_version]:
            stack.append(move.to_version)
    return stack


def whoami() -> str:
    """The name of the user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run with a user id that has no name.
        return f"uid {os.getuid()}"
