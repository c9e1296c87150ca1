"""Turns an event log into a table: every active customer at every cut, with features from before and the label after.

A cut is a day. Features are computed from the events before that day; the label from the events on that day and after
it, ``horizon_days`` in all. So no event on or after a cut can influence a feature of that cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract import Contract, Window
from tenure.contract.aggregates import Spans
from tenure.contract.schema import LABEL_COLUMN, ROW_COLUMN, SNAPSHOT_COLUMN
from tenure.errors import DataError
from tenure.features.aggregates import Log, aggregate

EPOCH = date(1970, 1, 1)


def event_columns(contract: Contract) -> list[str]:
    """Names of the log's columns that ``snapshots`` needs."""
    used = [window.column for window in contract.windows.values() if window.column is not None]
    used += [] if contract.label.column is None else [contract.label.column]
    return list(dict.fromkeys([contract.key_column, str(contract.time), *used]))


def snapshots(contract: Contract, events: Iterable[pa.RecordBatch]) -> pa.Table:
    """The table of customers at cuts, ordered by cut and key.

    A customer is active at a cut if an event lies within ``active_days`` before it. The label is 1 if no event lies
    within ``horizon_days`` from the cut on; for regression it is the label's aggregate over the events in that time.

    Args:
        events: parsed batches with ``event_columns``, in any order.

    Returns:
        The key, ``cut`` (date32), the windows (float64, null where there is nothing to aggregate), ``_label``
        (int8; float64 for regression), ``_row`` (int64, from 1).

    Raises:
        DataError: the log is empty, an event has no key or time, a cut's horizon reaches beyond the log's last day,
            or no customer is active at a cut.
    """
    if contract.events is None:
        raise ValueError(f"'{contract.name}' is not an event log")
    keys, log = _read(contract, events)
    for cut in contract.events.cuts:
        _refuse_uncovered(cut, horizon_days(contract), log)
    table = pa.concat_tables(_at(cut, contract, contract.events.active_days, keys, log) for cut in contract.events.cuts)
    return table.append_column(ROW_COLUMN, pa.array(np.arange(1, table.num_rows + 1, dtype=np.int64)))


def horizon_days(contract: Contract) -> int:
    """Days from a cut on that the label is computed from."""
    if contract.label.horizon_days is None:
        raise ValueError(f"'{contract.name}' is not an event log")
    return contract.label.horizon_days


def _read(contract: Contract, events: Iterable[pa.RecordBatch]) -> tuple[pa.Array, Log]:
    key, time = contract.key_column, str(contract.time)
    table = pa.Table.from_batches(list(events))
    if not table.num_rows:
        raise DataError("the event log is empty")
    for name in (key, time):
        if table.column(name).null_count:
            raise DataError(f"{table.column(name).null_count} events have no '{name}'")
    encoded = table.column(key).dictionary_encode().combine_chunks()
    # Imported on demand: a model server computes no windows, and saves 7 MB.
    import pyarrow.compute as pc

    order = pc.array_sort_indices(encoded.dictionary)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    codes = rank[encoded.indices.to_numpy()]
    days = table.column(time).cast(pa.date32(), safe=False).cast(pa.int32()).to_numpy()
    columns = {name: table.column(name) for name in event_columns(contract) if name not in (key, time)}
    keys = encoded.dictionary.take(order)
    # Frees memory for the sort.
    del table, encoded
    return keys, Log(codes, days, columns, customers=len(keys))


def _refuse_uncovered(cut: date, horizon: int, log: Log) -> None:
    first, last = _date(log.first_day), _date(log.last_day)
    end = cut + timedelta(days=horizon - 1)
    if end > last:
        raise DataError(
            f"the cut {cut} needs events until {end} to know the label, the log ends on {last}: "
            f"the latest cut that it covers is {last - timedelta(days=horizon - 1)}"
        )
    if cut <= first:
        raise DataError(f"the cut {cut} has no day of the log before it: the log starts on {first}")


def _at(cut: date, contract: Contract, active_days: int, keys: pa.Array, log: Log) -> pa.Table:
    day = (cut - EPOCH).days
    active = np.flatnonzero(log.between(day - active_days, day).lengths > 0)
    if not len(active):
        raise DataError(f"no customer has an event within {active_days} days before the cut {cut}")
    after = log.between(day, day + horizon_days(contract)).of(active)
    columns: dict[str, pa.Array] = {
        contract.key_column: keys.take(pa.array(active)),
        SNAPSHOT_COLUMN: pa.array(np.full(len(active), day, dtype=np.int32)).cast(pa.date32()),
    }
    for name, window in contract.windows.items():
        values = aggregate(log, window.aggregate, window.column, _span(log, window, day).of(active), day)
        columns[name] = pa.array(values, mask=np.isnan(values))
    columns[LABEL_COLUMN] = pa.array(_label(contract, log, after, day))
    return pa.table(columns)


def _label(contract: Contract, log: Log, after: Spans, day: int) -> NDArray[Any]:
    """Label of each customer: whether there is no event after the cut, or the aggregate that a regression predicts."""
    if contract.label.aggregate is None:
        return (after.lengths == 0).astype(np.int8)
    return aggregate(log, contract.label.aggregate, contract.label.column, after, day)


def _span(log: Log, window: Window, day: int) -> Spans:
    return log.between(log.first_day if window.days is None else day - window.days, day)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
