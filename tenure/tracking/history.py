"""Who moved the champion, when, why, from where to where.

MLflow keeps an alias, not its past. Each move is one tag of the registered model with a key of its
own, so that no later move can overwrite it, on any MLflow back end. A move is written down before
the alias is moved: a process killed in between leaves a record of what it meant to do, and the next
move notes that the alias was found elsewhere.
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
"""A database back end cuts a tag at 5,000 characters; ``who`` and ``why`` must fit."""

Action = Literal["first", "promote", "rollback", "found"]


@dataclass(frozen=True)
class Move:
    """One move of the alias ``champion``."""

    when: str
    """UTC, ISO 8601."""
    action: Action
    """``found``: the alias stood elsewhere than the last move left it, moved by hand or by a killed process."""
    who: str
    why: str
    from_version: str | None
    to_version: str | None


def tag(action: Action, who: str, why: str, from_version: str | None, to_version: str | None) -> tuple[str, str]:
    """Key and value of the tag that records a move made now.

    Raises:
        InputError: if ``who`` or ``why`` is empty or too long.
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
            # A move that never happened, or is undone, is nothing to return to.
            del stack[len(stack) - stack[::-1].index(move.to_version) :]
        elif stack[-1:] != [move.to_version]:
            stack.append(move.to_version)
    return stack


def whoami() -> str:
    """The user of this process, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no user has.
        return f"uid {os.getuid()}"
