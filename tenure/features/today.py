"""The day of each row that a model is trained or tested on: what ``today()`` is there. The clock is never read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tenure.contract import Contract
from tenure.contract.values import TODAY_COLUMN
from tenure.features.rows import Rows


def with_today(contract: Contract, rows: Rows) -> Rows:
    """``rows`` with ``TODAY_COLUMN`` (date32): the row's time, of an event log the cut, without either ``as_of``.

    Rows of a contract that neither uses ``today()`` nor has an ``as_of`` are returned as they are. A contract with an
    ``as_of`` gets the column even if no feature uses it, so that a champion whose features do can be compared with.
    """
    if not contract.uses_today and contract.as_of is None:
        return rows
    time = contract.row_time

    def batches(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        if columns is not None and TODAY_COLUMN not in columns:
            yield from rows.batches(columns)
            return
        read = None if columns is None else [name for name in columns if name != TODAY_COLUMN]
        if read is not None and time is not None and time not in read:
            read.append(time)
        for batch in rows.batches(read):
            if time is None:
                days = pa.repeat(pa.scalar(contract.as_of, pa.date32()), batch.num_rows)
            else:
                days = batch.column(time).cast(pa.date32(), safe=False)
            whole = batch.append_column(TODAY_COLUMN, days)
            yield whole if columns is None else whole.select(list(columns))

    return Rows(rows.count, batches)
