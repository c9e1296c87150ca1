"""``tenure.score``: predictions for a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.api.arrow import InMemory, data_of
from tenure.api.model import Model
from tenure.api.predictions import preview
from tenure.api.workspace import Workspace
from tenure.count_text import customers, rows
from tenure.scoring.remarks import INPUT_HEADERS, REJECTED_HEADERS, Remarks
from tenure.scoring.score import score as score_table
from tenure.text_table import html_table, text_table
from tenure.transform import read_day

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores of a table's customers."""

    rows: int
    """Customers scored."""
    contacts: int
    """Customers to contact."""
    rejected: int
    """Rows that could not be read."""
    reasons: Mapping[str, int]
    """Rejected rows by reason."""
    bands: Mapping[str, int]
    """Customers by band."""
    remarks: Remarks
    """Rejected rows by reason, repeated keys, and values that were missing, unknown or out of range."""
    not_eligible: int
    """Customers in the tables that inputs were computed from who exist, and do not stand by the contract's rule."""
    tables: Mapping[str, Mapping[str, int]]
    """Rows of these tables: read, left out by reason, and used; empty for rows with inputs."""
    folder: Path
    """Folder with the Parquet parts, the list of the highest scores, the rejected rows and ``summary.json``."""
    _workspace: Workspace

    @cached_property
    def table(self) -> pa.Table:
        """``key``, ``row`` (number in the table, from 1), the predicted numbers, ``decision`` and ``band``."""
        return pa.concat_tables(pq.read_table(part) for part in sorted(self.folder.glob("part-*.parquet")))

    def to_pandas(self) -> pd.DataFrame:
        """``table`` as a pandas one."""
        return self.table.to_pandas()

    def __len__(self) -> int:
        return self.rows

    @property
    def _heading(self) -> str:
        bands = ", ".join(f"{band} {count:,}" for band, count in self.bands.items())
        others = f", {self.not_eligible:,} not eligible" if self.tables else ""
        return (
            f"{customers(self.rows)} scored{others}, {rows(self.rejected)} rejected; contact {self.contacts:,}; {bands}"
        )

    def __repr__(self) -> str:
        tables = [(REJECTED_HEADERS, self.remarks.rejected), (INPUT_HEADERS, self.remarks.inputs)]
        found = [text_table(headers, rows) for headers, rows in tables if rows]
        return "\n".join([self._heading, *self.remarks.sentences, *found, text_table(*preview(self.table))])

    def _repr_html_(self) -> str:
        tables = [("", REJECTED_HEADERS, self.remarks.rejected), ("", INPUT_HEADERS, self.remarks.inputs)]
        found = [html_table(*table) for table in tables if table[-1]]
        heading = "; ".join([self._heading, *self.remarks.sentences])
        return html_table(heading, *preview(self.table)) + "".join(found)


def score(
    model: Model,
    table: InMemory | str | Path | Mapping[str, InMemory | str | Path],
    *,
    threshold: float | None = None,
    top: int = 100,
    folder: Path | str | None = None,
    day: date | str | None = None,
    as_of: datetime | date | str | None = None,
) -> Scores:
    """Score all customers of a table, or of tables as of an instant, in bounded memory.

    Rows that cannot be read are counted and kept, up to the share that the contract allows.

    Args:
        model: of ``tenure.train`` or ``tenure.read``.
        table: a file's path, an address, a dataset's folder, or a table in memory. It needs the key and the model's
            inputs, and no label. Of a model whose inputs are computed from tables: their dataset's folder, or these
            tables by name.
        threshold: smallest probability, or value, of a customer to contact, instead of the model's own.
        top: number of customers in the list of the highest scores.
        folder: folder in which a folder named by the day appears; by default a temporary one, which is deleted with
            the scores.
        day: the day that rows with inputs are scored for, which names the folder; as for ``Model.predict``.
        as_of: when tables are looked at from which the inputs are computed; now without it. A day begins at midnight in
            the contract's zone, where times without an offset are of the clock.

    Returns:
        Counts, and the scores as a table.

    Raises:
        InputError: ``day`` is not a day, ``as_of`` not an instant, or one of them does not belong to the table.
        DataError: the table cannot be read, lacks a column, has no row that can be scored, or more rows cannot be read
            than the contract allows; where ``folder`` is given, they are kept in it.
        ContractError: the address is invalid.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the disk is full or cannot be written.

    Examples:
        >>> import tenure
        >>> model = tenure.train("datasets/telco", families=["logistic_regression"], trials=1)
        >>> scores = tenure.score(model, "datasets/telco")
        >>> scores.rows, scores.rejected, scores.table.column_names
        (7043, 0, ['key', 'row', 'probability', 'decision', 'band', 'cluster'])
    """
    work = Workspace(folder)
    data = data_of(table, model.contract)
    run = score_table(
        model.bundle,
        data,
        work.folder,
        day="" if day is None or day == "" else read_day(day).isoformat(),
        as_of=as_of,
        threshold=threshold,
        top=top,
        keep_rejected=folder is not None,
    )
    fields = {name: run.summary[name] for name in ("rows", "contacts", "rejected", "reasons", "bands")}
    remarks = Remarks.of(run.summary, model.contract)
    of_tables = {"not_eligible": run.summary.get("not_eligible", 0), "tables": run.summary.get("tables", {})}
    return Scores(**fields, **of_tables, remarks=remarks, folder=run.folder, _workspace=work)
