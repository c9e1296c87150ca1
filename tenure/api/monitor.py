"""``tenure.monitor``: current customers against those that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from tenure.api.arrow import InMemory, data_of, source_of
from tenure.api.model import Model
from tenure.monitoring import Monitoring, compare
from tenure.transform import read_day


def monitor(
    model: Model,
    table: InMemory | str | Path | Mapping[str, InMemory | str | Path],
    *,
    reference: InMemory | str | Path | None = None,
    day: date | str | None = None,
    as_of: datetime | date | str | None = None,
) -> Monitoring:
    """Compare current customers with those that a model was trained on.

    Args:
        model: of ``tenure.train`` or ``tenure.read``.
        table: the current customers: a file's path, an address, a dataset's folder, or a table in memory; of a model
            whose inputs are computed from tables also these, by name.
        reference: a table from a time when all was well, for its scores; by default the scores on the rows held out in
            training, which the model's bundle holds, are compared.
        day: of the current customers, as for ``Model.predict``. Rows of the reference have the contract's ``as_of``.
        as_of: when tables are looked at from which the inputs are computed, as for ``tenure.score``.

    Returns:
        The verdict (``retrain``, ``watch``, ``fine``), its reasons, and distances by column. ``save`` writes
        ``monitoring.json`` and the drift report.

    Raises:
        InputError: ``day`` is not a day, ``as_of`` not an instant, or does not belong to the table.
        DataError: a table cannot be read, lacks a column, or has too few rows.
        ContractError: an address is invalid.
        SourceError: the database or object store is down or does not answer in time.

    Examples:
        >>> import tenure
        >>> model = tenure.train("datasets/telco", families=["logistic_regression"], trials=1)
        >>> found = tenure.monitor(model, "datasets/telco")
        >>> found.verdict, found.rows
        ('fine', 7043)
    """
    return compare(
        model.bundle,
        data_of(table, model.contract),
        reference=None if reference is None else source_of(reference),
        day=None if day is None or day == "" else read_day(day),
        as_of=as_of,
    )
