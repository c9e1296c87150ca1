"""The result of a validation: checks with a level each, and the verdict."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tenure.errors import DataError
from tenure.text_table import html_table, text_table

Level = Literal["pass", "warn", "stop"]
HEADERS = ("check", "level", "column", "found")
TABLE_HEADERS = ("table", *(f">{name}" for name in ("rows in", "used", "rejected", "quarantined", "orphaned")))
TABLE_HEADERS += (">duplicates", ">superseded", ">late")
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
    table: str | None = None
    """Name of the table, where there are several."""


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
    orphaned: int = 0
    """Rows that meet the contract, of customers that are not in the entity, or whose row there is quarantined."""
    duplicates: int = 0
    """Rows that are equal to a good row with the same ``row_id``, known at the same instant."""

    def __str__(self) -> str:
        others = {"set aside": self.set_aside, "orphaned": self.orphaned, "duplicates": self.duplicates}
        shown = "".join(f"{count:,} {what}, " for what, count in others.items() if count)
        lost = f"{self.rejected:,} rejected, {self.quarantined:,} quarantined"
        return f"{self.read:,} rows: {lost}, {shown}{self.good:,} good"


@dataclass(frozen=True)
class TableCounts(Counts):
    """Numbers of rows of one of several tables. Those that the fields here count are good rows."""

    superseded: int = 0
    """Rows of which a later version is known."""
    late: int = 0
    """Rows that were known after their time."""
    known_before_time: int = 0
    before_customer: int = 0
    """Rows from before the time of their customer's row in the entity."""
    doubtful_times: int = 0
    """Times of parsed rows that the clock of the table's zone shows twice or skips; the first is taken."""
    source: str = ""
    """Address, without credentials."""
    newest: str | None = None
    """Latest time of a good row."""


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
    tables: dict[str, TableCounts] = field(default_factory=dict)
    """Of each of the tables that features are computed from as of an instant; empty for one with a label column."""

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

    def tables_table(self) -> list[tuple[str, ...]]:
        """The numbers of rows of each table as rows under ``TABLE_HEADERS``; empty for less than two tables."""
        if len(self.tables) < 2:
            return []
        names = ("read", "good", "rejected", "quarantined", "orphaned", "duplicates", "superseded", "late")
        return [(table, *(f"{getattr(counts, name):,}" for name in names)) for table, counts in self.tables.items()]

    def table(self) -> list[tuple[str, str, str, str]]:
        """The checks as rows under ``HEADERS``; one row for the columns within their limit of missing values, one for
        the kinds of leakage that were not found, and one for the checks of each of several tables that found nothing.
        """
        passed = self.of_level("pass")
        missing = [check for check in passed if check.name == "missing" and check.table is None]
        absent = [check for check in passed if check.name.startswith(LEAKAGE)]
        folded = {id(check) for check in missing[1:] + absent[1:]}
        texts: dict[int, tuple[str, str, str]] = {}
        if len(missing) > 1:
            texts[id(missing[0])] = ("missing", "-", f"{len(missing)} columns are within their limit of missing values")
        if len(absent) > 1:
            kinds = ", ".join(check.name.removeprefix(LEAKAGE) for check in absent)
            texts[id(absent[0])] = (LEAKAGE.strip(": "), "-", f"no leakage found: {kinds}")
        for table in self.tables:
            clean = [
                check for check in passed if check.table == table and (check.name == "missing" or not check.observed)
            ]
            folded |= {id(check) for check in clean[1:]}
            if clean:
                names = ", ".join(dict.fromkeys(check.name for check in clean))
                texts[id(clean[0])] = ("-", "-", f"{table}: nothing found by {names}")
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
        counts = self.tables_table()
        tables = f"{text_table(TABLE_HEADERS, counts)}\n" if counts else ""
        return f"{self.heading}\n{tables}{text_table(HEADERS, self.table())}"

    def _repr_html_(self) -> str:
        counts = self.tables_table()
        checks = html_table("Checks" if counts else self.heading, HEADERS, self.table())
        return html_table(self.heading, TABLE_HEADERS, counts) + checks if counts else checks

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
            tables = {name: TableCounts(**counts) for name, counts in document.pop("tables", {}).items()}
            return cls(rows=Counts(**document.pop("rows")), checks=checks, tables=tables, **document)
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
