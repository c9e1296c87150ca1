"""Predictions as tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tenure.bundle import Bundle, Prediction
from tenure.text_table import html_table, text_table

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 10
"""Rows of a table that is printed."""


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """Predictions for the rows of a table, in its order."""

    table: pa.Table
    """The key where the rows have one, the predicted numbers (``probability``; or ``value``, ``value_low`` and
    ``value_high``), ``decision`` (whether to contact), ``band`` and ``recommendation``; then the outputs of the model's
    additions, such as ``cluster``."""
    details: Prediction
    """The bundle's own prediction: margins, reasons, and which values were missing, unknown or out of range."""
    index: Any = None
    """The index of the pandas table that was predicted for."""

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas one, with the index of the rows where they came from pandas."""
        frame = self.table.to_pandas()
        return frame if self.index is None else frame.set_axis(self.index)

    def __len__(self) -> int:
        return self.table.num_rows

    def __repr__(self) -> str:
        return text_table(*preview(self.table))

    def _repr_html_(self) -> str:
        return html_table(f"{len(self):,} predictions", *preview(self.table))


def preview(table: pa.Table) -> tuple[list[str], list[list[str]]]:
    """Headers and the first rows of a table, numbers with four digits."""
    headers = [f">{field.name}" if pa.types.is_floating(field.type) else field.name for field in table.schema]
    rows = table.slice(0, SHOWN_ROWS).to_pylist()
    return headers, [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()] for row in rows]


def predict(
    bundle: Bundle, rows: pa.Table, index: Any, *, explain: int, threshold: float | None, day: date
) -> Predictions:
    """As ``Bundle.predict``, with the result as a table.

    Raises:
        DataError, InputError: as ``Bundle.predict``.
    """
    prediction = bundle.predict(
        {name: rows.column(name) for name in rows.column_names},
        explain=explain,
        threshold=threshold,
        day=day,
        additions=True,
    )
    key = bundle.contract.key_column
    columns: dict[str, Any] = {key: rows.column(key)} if key in rows.column_names else {}
    columns |= prediction.columns
    columns |= {
        "decision": prediction.decision,
        "band": pa.array(prediction.band, pa.string()),
        "recommendation": pa.array(prediction.recommendation, pa.string()),
        **{name: prediction.added_values(column) for name, column in bundle.added_columns.items()},
    }
    return Predictions(pa.table(columns), prediction, index)
