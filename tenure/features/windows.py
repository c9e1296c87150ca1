"""Turns an event log into a table: every active customer at every cut, with features from before and the label after.

A cut is a day. Features are computed from the events before that day; the label from the events on that day and after
it, ``horizon_days`` in all. So no event on or after a cut can influence a feature of that cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.aggregates import AGGREGATES, Events, Log, Spans
from tenure.contract.aggregates.rows import DAY
from tenure.contract.assemble import ACTIVE_WINDOW
from tenure.contract.assembly import EVENTS_TABLE
from tenure.contract.schema import LABEL_COLUMN, ROW_COLUMN, SNAPSHOT_COLUMN
from tenure.errors import DataError
from tenure.features.arrays import array_of, sorted_codes
from tenure.features.compute import compute
from tenure.features.instants import instant_of
from tenure.features.tables import assembly_of

EPOCH = date(1970, 1, 1)


def event_columns(contract: Contract) -> list[str]:
    """Names of the log's columns that ``snapshots`` needs."""
    return assembly_of(contract).columns_of(EVENTS_TABLE)


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
    log, cuts = pa.Table.from_batches(list(events)), contract.events.cuts
    _refuse_incomplete(contract, log)
    days = log.column(str(contract.time)).cast(pa.date32(), safe=False)
    span = days.cast(pa.int32()).to_numpy()
    for cut in cuts:
        _refuse_uncovered(cut, horizon_days(contract), int(span.min()), int(span.max()))
    table = compute(assembly_of(contract), {EVENTS_TABLE: log}, [instant_of(cut, "UTC") for cut in cuts])
    active = np.flatnonzero(table.column(ACTIVE_WINDOW).to_numpy() > 0)
    table = table.take(pa.array(active)).drop_columns([ACTIVE_WINDOW])
    for cut in cuts:
        if cut not in set(table.column(SNAPSHOT_COLUMN).unique().to_pylist()):
            raise DataError(f"no customer has an event within {contract.events.active_days} days before the cut {cut}")
    table = table.append_column(LABEL_COLUMN, _labels(contract, log, span.astype(np.int64), table))
    return table.append_column(ROW_COLUMN, pa.array(np.arange(1, table.num_rows + 1, dtype=np.int64)))


def horizon_days(contract: Contract) -> int:
    """Days from a cut on that the label is computed from."""
    if contract.label.horizon_days is None:
        raise ValueError(f"'{contract.name}' is not an event log")
    return contract.label.horizon_days


def _refuse_incomplete(contract: Contract, log: pa.Table) -> None:
    if not log.num_rows:
        raise DataError("the event log is empty")
    for name in (contract.key_column, str(contract.time)):
        if log.column(name).null_count:
            raise DataError(f"{log.column(name).null_count} events have no '{name}'")


def _refuse_uncovered(cut: date, horizon: int, first_day: int, last_day: int) -> None:
    first, last = (EPOCH + timedelta(days=day) for day in (first_day, last_day))
    end = cut + timedelta(days=horizon - 1)
    if end > last:
        raise DataError(
            f"the cut {cut} needs events until {end} to know the label, the log ends on {last}: "
            f"the latest cut that it covers is {last - timedelta(days=horizon - 1)}"
        )
    if cut <= first:
        raise DataError(f"the cut {cut} has no day of the log before it: the log starts on {first}")


def _labels(contract: Contract, log: pa.Table, days: np.ndarray, rows: pa.Table) -> pa.Array:
    """Whether there is no event from the cut on, or the aggregate that a regression predicts."""
    keys, codes = sorted_codes(log.column(contract.key_column).combine_chunks())
    # Imported on demand: a model server computes no windows, and saves 7 MB.
    import pyarrow.compute as pc

    wanted = pc.index_in(rows.column(contract.key_column), value_set=keys).to_numpy().astype(np.int64)
    cuts = rows.column(SNAPSHOT_COLUMN).cast(pa.int32()).to_numpy().astype(np.int64)
    order = np.lexsort((days, codes))
    width = int(days.max()) + horizon_days(contract) + 1 - int(days.min())
    place = (codes * width + days - days.min())[order]
    start = wanted * width + cuts - days.min()
    spans = Spans(np.searchsorted(place, start), np.searchsorted(place, start + horizon_days(contract)))
    if contract.label.aggregate is None:
        return pa.array((spans.lengths == 0).astype(np.int8))
    values = np.empty(0)
    if contract.label.column is not None:
        array = array_of(log.column(contract.label.column))
        values = array.values.astype(np.float64)[order]
        values = values if array.known is None else np.where(array.known[order], values, 0.0)
    whole = Log(np.array([0, len(order)]), days[order] * DAY, values, lambda times: times)
    return pa.array(AGGREGATES[contract.label.aggregate].compute(Events(whole, spans, None, 0, None)))
