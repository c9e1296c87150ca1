"""The result of a validation: checks with a level each, and the verdict."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tenure.errors import DataError
from tenure.text_table import html_table, text_table

Level = Literal["pass", "warn", "stop"]
HEADERS = ("check", "level", "column", "found")
LEAKAGE = "leakage: "
"""What the names of leakage checks begin with."""
_ORDER: dict[Level, int] = {"pass": 0, "warn": 1, "stop": 2}


@dataclass(frozen=True)
class Check:
    """One check and its result. Shares are from 0 to 1."""

    name: str
    level: Level
    message: str
    """One line."""
    column: str | None = None
    observed: float | str | None = None
    limit: float | str | None = None
    advice: str | None = None
    """What to do about it."""


@dataclass(frozen=True)
class Counts:
    """Numbers of rows in ingest and validation."""

    read: int
    rejected: int
    """Rows that did not parse."""
    quarantined: int
    """Rows that parsed and break the contract."""
    good: int
    set_aside: int = 0
    """Rows that parsed and have no label, or one of ``label.ignore``: they are not held against the contract."""

    def __str__(self) -> str:
        aside = f"{self.set_aside:,} set aside, " if self.set_aside else ""
        lost = f"{self.rejected:,} rejected, {self.quarantined:,} quarantined"
        return f"{self.read:,} rows: {lost}, {aside}{self.good:,} good"


@dataclass(frozen=True, repr=False)
class Validation:
    """The result of a validation.

    ``print`` shows it as a table; ``pandas.DataFrame(validation.checks)`` has one row per check.
    """

    name: str
    """The contract's."""
    source: str
    """Address of the table, without credentials."""
    checked_at: str
    """ISO 8601, UTC."""
    rows: Counts
    checks: tuple[Check, ...]
    quarantine_reasons: dict[str, int]
    rejection_reasons: dict[str, int]
    data_hash: str
    set_aside_reasons: dict[str, int] = field(default_factory=dict)
    """Rows set aside, by their label."""

    @property
    def verdict(self) -> Level:
        """The highest level of a check: ``stop`` if the table must not be used."""
        return max((check.level for check in self.checks), key=_ORDER.__getitem__, default="pass")

    def of_level(self, level: Level) -> list[Check]:
        """The checks of one level."""
        return [check for check in self.checks if check.level == level]

    @property
    def heading(self) -> str:
        """Verdict and numbers of rows, in two lines."""
        return f"{self.source} under the contract '{self.name}': {self.verdict}\n{self.rows}"

    def table(self) -> list[tuple[str, str, str, str]]:
        """The checks as rows under ``HEADERS``; one row for the columns within their limit of missing values, and one
        for the kinds of leakage that were not found."""
        missing = [check for check in self.of_level("pass") if check.name == "missing"]
        absent = [check for check in self.of_level("pass") if check.name.startswith(LEAKAGE)]
        folded = {id(check) for check in missing[1:] + absent[1:]}
        texts: dict[int, tuple[str, str, str]] = {}
        if len(missing) > 1:
            texts[id(missing[0])] = ("missing", "-", f"{len(missing)} columns are within their limit of missing values")
        if len(absent) > 1:
            kinds = ", ".join(check.name.removeprefix(LEAKAGE) for check in absent)
            texts[id(absent[0])] = (LEAKAGE.strip(": "), "-", f"no leakage found: {kinds}")
        rows: list[tuple[str, str, str, str]] = []
        for check in self.checks:
            if id(check) not in folded:
                name, column, found = texts.get(id(check), (check.name, check.column or "-", check.message))
                rows.append((name, check.level, column, found))
        return rows

    def advice(self) -> list[str]:
        """What to do about the checks that do not pass, each with their names."""
        found: dict[str, list[str]] = {}
        for check in self.checks:
            if check.level != "pass" and check.advice:
                found.setdefault(check.advice, []).append(check.name)
        return [f"{', '.join(dict.fromkeys(names))}: {advice}" for advice, names in found.items()]

    def __repr__(self) -> str:
        return f"{self.heading}\n{text_table(HEADERS, self.table())}"

    def _repr_html_(self) -> str:
        return html_table(self.heading, HEADERS, self.table())

    def to_json(self) -> str:
        """As in ``validation.json``."""
        document: dict[str, Any] = {"verdict": self.verdict, **asdict(self)}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Validation:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: ``text`` is something else.
        """
        try:
            document = json.loads(text)
            del document["verdict"]
            checks = tuple(Check(**check) for check in document.pop("checks"))
            return cls(rows=Counts(**document.pop("rows")), checks=checks, **document)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a validation: {error}") from error

    def raise_if_stopped(self) -> None:
        """Raise an error if the verdict is ``stop``.

        Raises:
            DataError: the table must not be used; names every check that failed.
        """
        failed = self.of_level("stop")
        if failed:
            messages = "; ".join(check.message for check in failed)
            raise DataError(f"{self.source} does not meet the contract '{self.name}': {messages}")
