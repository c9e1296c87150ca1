"""``tenure.explain``: why a model predicts what it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tenure.api.arrow import InMemory, index_of, is_in_memory, to_arrow
from tenure.api.model import Model
from tenure.api.predictions import SHOWN_ROWS
from tenure.errors import InputError
from tenure.text_table import html_table, text_table
from tenure.transform import read_day, with_today

if TYPE_CHECKING:
    import pandas as pd

HEADERS = (">row", "largest contributions")


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Contributions of the columns to the predictions of some rows."""

    contributions: pa.Table
    """A column for every input and derived feature of the model, a row for every row: what it adds to the margin
    (log-odds of churn; the label's unit for a regression). A positive contribution raises the score."""
    expected: float
    """The mean margin, which the contributions of a row are added to."""
    index: Any = None
    """The index of the pandas table that was explained."""

    def to_pandas(self) -> pd.DataFrame:
        """The contributions as a pandas table, with the index of the rows where they came from pandas."""
        frame = self.contributions.to_pandas()
        return frame if self.index is None else frame.set_axis(self.index)

    def __len__(self) -> int:
        return self.contributions.num_rows

    def largest(self, row: int, top: int = 5) -> list[tuple[str, float]]:
        """The largest contributions to one prediction, with their columns.

        Args:
            row: place of the row, from 0.
            top: number of columns.
        """
        found = {name: self.contributions.column(name)[row].as_py() for name in self.contributions.column_names}
        return sorted(found.items(), key=lambda entry: -abs(entry[1]))[:top]

    def _table(self) -> list[tuple[str, str]]:
        rows = range(min(len(self), SHOWN_ROWS))
        return [(str(row), ", ".join(f"{name} {value:+.3f}" for name, value in self.largest(row))) for row in rows]

    def __repr__(self) -> str:
        return text_table(HEADERS, self._table())

    def _repr_html_(self) -> str:
        return html_table(f"Contributions to the margin; expected {self.expected:.4g}", HEADERS, self._table())


def explain(model: Model, rows: InMemory, *, day: date | str | None = None) -> Explanation:
    """Explain predictions: how much every column moved the prediction of a row.

    Exact for linear and polynomial models, discriminant analysis, naive Bayes and trees (Shapley values); by sampling
    for networks, neighbours and kernel machines. The contributions of a row and ``expected`` add up to its margin in
    every case.

    Args:
        model: of ``tenure.train`` or ``tenure.read``.
        rows: raw columns as in the training table: a pandas or Arrow table, columns by name, or a list of rows.
        day: as for ``Model.predict``.

    Raises:
        DataError: a column that the model needs is missing, or holds an invalid value; names column and row.
        InputError: ``rows`` is a path, or ``day`` is not a day.

    Examples:
        >>> import pyarrow.csv, tenure
        >>> model = tenure.train("datasets/telco", families=["logistic_regression"], trials=1)
        >>> rows = pyarrow.csv.read_csv("datasets/telco/telco_churn.csv").slice(0, 3)
        >>> found = tenure.explain(model, rows)
        >>> margin = model.predict(rows).details.margin
        >>> bool(abs(found.to_pandas().sum(axis=1) + found.expected - margin).max() < 1e-4)
        True
    """
    if not is_in_memory(rows):
        raise InputError("explain takes rows in memory: read the file first")
    table, bundle = to_arrow(rows), model.bundle
    columns = {name: table.column(name) for name in table.column_names}
    encoded = bundle.transform.encode(with_today(bundle.contract, columns, read_day(day)))
    found = bundle.explainer.contributions(encoded.matrix)
    names = bundle.explainer.columns
    return Explanation(
        pa.table({name: found[:, place] for place, name in enumerate(names)}), bundle.explainer.expected, index_of(rows)
    )
