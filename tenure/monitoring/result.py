"""The result of a comparison: what monitoring found, as an object, as JSON and as a page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from tenure.atomic import write_text
from tenure.contract import Contract
from tenure.errors import InputError
from tenure.monitoring.verdict import Limits, State

FORMAT = 1
"""Of ``monitoring.json``; grows when a key changes its meaning or leaves."""


@dataclass(frozen=True)
class Samples:
    """Rows of the reference and of the current customers, for views that draw rows. They leave no trace in files."""

    reference: pa.Table
    current: pa.Table
    contract: Contract


@dataclass(frozen=True, repr=False)
class Monitoring:
    """How far current customers are from those that a model was trained on, and what to do.

    ``to_json`` writes every field but ``samples`` under its own name, and ``format``; ``statistics`` only if there are
    some. Shares are of all rows,
    0 to 1; distances are PSI in nats.
    """

    verdict: State
    """``retrain``, ``watch``, ``fine`` or ``undecided``."""
    reasons: tuple[str, ...]
    """One sentence each, the most important first."""
    notes: tuple[str, ...]
    """What the comparison rests on, where that is not the usual."""
    columns: dict[str, float]
    """PSI of each input against the reference in the bundle, largest first; empty if undecided."""
    inputs: dict[str, dict[str, Any]]
    """Distributions of the inputs of ``columns``, in that order.

    ``kind``: ``number`` or ``text`` (booleans are text). ``unit``, ``description``: of the contract, or null.
    ``reference`` and ``current``: ``shares`` by bin or by value, and ``missing``; of a text also ``other``, the share
    of all other values. A number has ``edges``, the bins' limits, ascending; bin i holds
    ``edges[i-1] < x <= edges[i]``, the outer bins are open: ``len(shares) == len(edges) + 1``. A text has ``values``,
    the reference's most frequent ones, and ``new_values``: ``distinct``, ``share`` and ``most_frequent`` (``value``,
    cut to 60 characters, and ``share``) of the values that the reference does not have, or null if the reference
    keeps only its most frequent values.
    """
    not_compared: dict[str, str]
    """Why an input of the model is not in ``columns``, by name."""
    scores: dict[str, Any] | None
    """The model's predictions; None if undecided, or if nothing says what the model predicted before.

    ``psi``; ``mean_then``, ``mean_now``: of the reference and of the current customers; ``of``: where the current
    scores come from; ``column``: ``probability`` or ``value``; ``edges``: the bins' limits, deciles of the reference;
    ``reference`` and ``current``: ``rows``, and ``shares`` by bin.
    """
    statistics: dict[str, dict[str, Any]]
    """Statistics of the inputs besides PSI, by the name of their module in ``tenure.monitoring.statistics``.

    ``title``, ``unit``, ``meaning``; ``thresholds`` of the verdict: ``watch`` and ``retrain``, which may be null, or
    null for none; ``columns``: its value for each input, the largest first.
    """
    limits: Limits
    """What the verdict rests on: ``watch_psi``, ``max_psi``, ``max_rejected_share``."""
    rows: int
    """Current customers that can be read."""
    rejected: int
    """Current rows that cannot."""
    rejected_reasons: dict[str, int]
    """Number of rejected rows by reason, most frequent first."""
    reference: dict[str, Any]
    """``rows`` that the bundle's distributions are of; ``source`` of the reference table, or null without one."""
    model: dict[str, Any]
    """``name``, ``version``, ``data_hash``, ``created_at``, ``task`` and ``description`` of the model."""
    source: str
    """Where the current customers come from, without credentials."""
    created_at: str
    """Time of the comparison, UTC, ISO 8601."""
    samples: Samples | None = field(default=None, repr=False, compare=False)
    """None without a reference table, or without a current row."""

    def to_dict(self) -> dict[str, Any]:
        """The content of ``monitoring.json``."""
        names = [f.name for f in fields(self) if f.name != "samples"]
        document = {"format": FORMAT, **{name: getattr(self, name) for name in names}}
        if not self.statistics:
            del document["statistics"]
        limits = {"watch_psi": self.limits.watch_psi, **asdict(self.limits)}
        return document | {"reasons": list(self.reasons), "notes": list(self.notes), "limits": limits}

    def to_json(self) -> str:
        """``to_dict`` as text, readable by people."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    def to_html(self) -> str:
        """The drift report: one page that needs nothing else."""
        from tenure.report.monitoring import render

        return render(self.to_dict())

    def save(self, folder: Path | str, *, evidently: bool = False) -> None:
        """Write ``monitoring.json`` and ``drift.html``, and ``evidently.html`` if asked for.

        Raises:
            InputError: evidently has no rows to compare. StorageError: the disk is full or cannot be written.
        """
        folder = Path(folder)
        if evidently and self.samples is None:
            raise InputError("evidently compares rows: give a reference table, and customers to compare with it")
        write_text(folder / "monitoring.json", self.to_json())
        write_text(folder / "drift.html", self.to_html())
        if evidently and self.samples is not None:
            from tenure.monitoring.evidently_page import write_report

            rows = self.samples
            write_report(rows.reference, rows.current, rows.contract, folder / "evidently.html")

    def __repr__(self) -> str:
        first = f"{self.verdict}: {self.rows:,} customers of {self.source} against {self.model['name']}"
        return "\n".join([f"{first} {self.model['version']}", *(f"  {line}" for line in self.reasons + self.notes)])
