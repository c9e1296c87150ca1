"""What validation finds: checks with a level each, and the verdict over them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tenure.errors import DataError

Level = Literal["pass", "warn", "stop"]
_ORDER: dict[Level, int] = {"pass": 0, "warn": 1, "stop": 2}


@dataclass(frozen=True)
class Check:
    """One check and how it went. Shares are 0 to 1."""

    name: str
    level: Level
    message: str
    """One line for people."""
    column: str | None = None
    observed: float | str | None = None
    limit: float | str | None = None
    advice: str | None = None
    """What to do about it, for people."""


@dataclass(frozen=True)
class Counts:
    """Rows on their way through ingest and validation."""

    read: int
    rejected: int
    """Not parsed."""
    quarantined: int
    """Parsed, and against the contract."""
    good: int


@dataclass(frozen=True)
class Validation:
    """The outcome of validation."""

    name: str
    """The contract's."""
    source: str
    checked_at: str
    """ISO 8601, UTC."""
    rows: Counts
    checks: tuple[Check, ...]
    quarantine_reasons: dict[str, int]
    rejection_reasons: dict[str, int]
    data_hash: str

    @property
    def verdict(self) -> Level:
        return max((check.level for check in self.checks), key=_ORDER.__getitem__, default="pass")

    def of_level(self, level: Level) -> list[Check]:
        return [check for check in self.checks if check.level == level]

    def to_json(self) -> str:
        document: dict[str, Any] = {"verdict": self.verdict, **asdict(self)}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Validation:
        """What ``to_json`` wrote.

        Raises:
            ValueError: it is nothing that ``to_json`` wrote.
        """
        try:
            document = json.loads(text)
            del document["verdict"]
            checks = tuple(Check(**check) for check in document.pop("checks"))
            return cls(rows=Counts(**document.pop("rows")), checks=checks, **document)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no validation: {error}") from error

    def raise_if_stopped(self) -> None:
        """The hard gate.

        Raises:
            DataError: naming every check that failed.
        """
        failed = self.of_level("stop")
        if failed:
            said = "; ".join(check.message for check in failed)
            raise DataError(f"{self.source} does not meet the contract '{self.name}': {said}")
