"""A row of the audit, and the chain of hashes by which a changed or missing row is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from tenure.errors import DataError

FIRST = ""
"""What stands in place of the hash before the first row."""


@dataclass(frozen=True)
class Entry:
    """A request with its answer, or a decision of the controller.

    key: unique in a service, so that appending the same twice makes one row. time: UTC, ISO 8601.
    who: the authenticated identity of a request's author, or the controller's. action: as requested or decided.
    outcome: "accepted" or "refused" of a request, the phase of a decision. details: further values, as JSON.
    """

    key: str
    time: str
    kind: str
    who: str
    action: str
    outcome: str
    rollout: str
    reason: str
    details: dict[str, Any]

    def by(self, who: str) -> Entry:
        """The same entry of another identity."""
        return replace(self, who=who)

    def to_json(self) -> str:
        """The same text for the same entry."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True)
class Row:
    """An entry as it is kept. content: its JSON. hash: of all other fields. previous: the hash of the row before."""

    service: str
    number: int
    key: str
    content: str
    previous: str
    hash: str

    @property
    def entry(self) -> Entry:
        """The entry in ``content``.

        Raises:
            DataError: the content was changed into something else.
        """
        try:
            return Entry(**json.loads(self.content))
        except (ValueError, TypeError):
            raise DataError(
                f"audit of {self.service}: row {self.number} was changed: its content is not an entry; see --verify"
            ) from None

    @classmethod
    def following(cls, last: Row | None, service: str, entry: Entry) -> Row:
        """The row that comes after ``last``, None for the first."""
        number, previous = (1, FIRST) if last is None else (last.number + 1, last.hash)
        content = entry.to_json()
        return cls(service, number, entry.key, content, previous, _hash(service, number, entry.key, content, previous))


def first_fault(rows: Iterable[Row]) -> str:
    """The first row that is not as it was written, in one line; "" if all are.

    Rows that are missing at the end are not found: compare the last hash with one that was noted elsewhere.

    Args:
        rows: of one service, in order.
    """
    previous = FIRST
    for number, row in enumerate(rows, start=1):
        if row.number != number:
            return f"row {number} is missing: row {row.number} follows row {number - 1}"
        if row.previous != previous:
            return f"row {number} does not follow row {number - 1}: one of them was changed"
        if (
            not isinstance(row.content, str)
            or not isinstance(row.key, str)
            or row.hash != _hash(row.service, row.number, row.key, row.content, row.previous)
        ):
            return f"row {number} was changed: its hash does not match its content"
        previous = row.hash
    return ""


def _hash(service: str, number: int, key: str, content: str, previous: str) -> str:
    # A value of another type than text, which a change of the file can leave, gives another hash.
    parts = json.dumps([service, number, key, content, previous], ensure_ascii=False, default=repr)
    return hashlib.sha256(parts.encode()).hexdigest()
