"""Tonight's features from yesterday's state and today's rows, equal to computing them anew.

Rows of events that no bounded window can reach any more are settled: they leave the state, and windows over all history
keep what they add up to, where the aggregate has a ``merge``. All other rows stay, so that ``compute`` gives what it
gives of all rows. ``cannot`` names the features that need every row. A correction of a row that is settled already
cannot be undone in a sum: the state names such customers as ``stale`` and has no features for them; compute these anew,
with ``tenure.features.at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract import Contract
from tenure.contract.assembly import Assembly, WindowFeature
from tenure.contract.durations import DAY_US
from tenure.contract.schema import SNAPSHOT_COLUMN
from tenure.contract.sources import assembly_of
from tenure.contract.values import Floats
from tenure.errors import InputError
from tenure.features.clock import TableClock
from tenure.features.compute import compute
from tenure.features.customers import number_customers
from tenure.features.reach import reach_of
from tenure.features.row_times import NEVER, RowTimes
from tenure.features.tables import Tables


def cannot(contract: Contract) -> dict[str, str]:
    """Windows that need every row at every instant, by name, with the reason."""
    assembly = assembly_of(contract)
    return {
        name: f"'{window.window.aggregate}' over all history needs every row of '{window.table}'"
        for name, window in assembly.windows.items()
        if not _is_possible(assembly, window)
    }


@dataclass(frozen=True, eq=False)
class State:
    """What the features after an instant need of the rows before it."""

    contract: Contract
    instant: int
    rows: Mapping[str, pa.Table]
    """By table, those that are not settled."""
    sums: Mapping[str, pa.Table]
    """By table, a row for each customer with settled rows: the key, and the windows over all history of these rows."""
    ids: Mapping[str, pa.Array]
    """By table with a ``row_id``, those of the settled rows, with their customers."""
    corrected: pa.Array
    """Keys of the customers of whom a settled row was corrected."""

    def advance(self, rows: Mapping[str, pa.Table], instant: int) -> State:
        """The state after a later instant.

        Args:
            rows: by table, those that were delivered since; a table without new rows may be left out.
            instant: microseconds since 1970-01-01 in UTC.

        Raises:
            InputError: the instant lies before the state's.
            DataError: as ``compute``.
        """
        if instant < self.instant:
            raise InputError("a state cannot go back in time: start anew from all rows")
        assembly = assembly_of(self.contract)
        corrected, both = [self.corrected], dict(self.rows)
        for name, own in rows.items():
            new = own.select(both[name].column_names).cast(both[name].schema)
            both[name] = pa.concat_tables([both[name], new])
            if name in self.ids:
                repeated = pc.is_in(_ids(assembly, name, new), value_set=self.ids[name], skip_nulls=True)
                keys = new.column(assembly.tables[name].key_column).combine_chunks().filter(repeated)
                corrected.append(keys.cast(self.corrected.type))
        return _settled(replace(self, rows=both, corrected=pa.concat_arrays(corrected).unique()), instant)

    @property
    def features(self) -> pa.Table:
        """As ``compute`` returns them at the instant, without the windows that ``cannot`` names and stale customers."""
        return self._computed[0]

    @property
    def stale(self) -> pa.Array:
        """Keys of customers whose features must be computed anew: a row that is settled was corrected since."""
        return self._computed[1]

    @cached_property
    def _computed(self) -> tuple[pa.Table, pa.Array]:
        assembly = assembly_of(self.contract)
        possible = {name: window for name, window in assembly.windows.items() if _is_possible(assembly, window)}
        found = compute(replace(assembly, windows=possible), self.rows, [self.instant])
        keys, stale = found.column(assembly.key).combine_chunks(), [self.corrected]
        for name, sums in self.sums.items():
            places = pc.index_in(keys, value_set=sums.column(assembly.key).combine_chunks())
            for window in _accumulated(assembly, name):
                before = sums.column(window.name).take(places)
                merged = _merged(window, _floats(before), _floats(found.column(window.name)))
                column = found.column_names.index(window.name)
                found = found.set_column(column, window.name, pa.array(merged, mask=np.isnan(merged)))
            if assembly.entity is None:
                # The row that stood for the settled rows was moved beyond the instant.
                own = sums.column(assembly.key)
                stale.append(own.filter(pc.invert(pc.is_in(own, value_set=keys))).combine_chunks())
        named = pa.concat_arrays(stale).unique()
        return found.filter(pc.invert(pc.is_in(keys, value_set=named))), named


def start(contract: Contract, tables: Tables, instant: int) -> State:
    """The state after an instant, from all rows.

    Args:
        contract: one whose features are computed from tables.
        tables: its parsed tables.
        instant: microseconds since 1970-01-01 in UTC.

    Raises:
        DataError: as ``compute``.
    """
    assembly = assembly_of(contract)
    rows = {name: tables.table(name, assembly.columns_of(name, label=False)) for name in assembly.tables}
    name = assembly.entity or next(iter(rows))
    keys = rows[name].column(assembly.tables[name].key_column).type
    return _settled(State(contract, instant, rows, {}, {}, pa.array([], keys)), instant)


def _settled(state: State, instant: int) -> State:
    """The state as of an instant: without the rows that no bounded window reaches from there on."""
    assembly = assembly_of(state.contract)
    rows, sums, ids = dict(state.rows), dict(state.sums), dict(state.ids)
    for name, table in assembly.tables.items():
        if table.kind != "events":
            continue
        superseded, settled = _divided(assembly, name, rows[name], instant)
        out = rows[name].filter(pa.array(settled))
        rows[name] = rows[name].filter(pa.array(~(superseded | settled)))
        windows = {window.name: window for window in _accumulated(assembly, name)}
        alone = replace(assembly, tables={name: table}, entity=None, as_of_columns={}, windows=windows)
        found = compute(alone, {name: out}, [instant]).drop_columns([SNAPSHOT_COLUMN])
        found = found.set_column(0, assembly.key, found.column(0).cast(state.corrected.type))
        sums[name] = _added(_moved(sums[name], alone, state.instant, instant), found, alone) if name in sums else found
        if table.row_id is not None and windows:
            parts = [ids[name]] if name in ids else []
            ids[name] = pa.concat_arrays([*parts, _ids(assembly, name, out)])
    return State(state.contract, instant, rows, sums, ids, state.corrected)


def _divided(assembly: Assembly, name: str, table: pa.Table, instant: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are superseded, and which are settled; both of shape (rows,)."""
    rows = RowTimes.of(assembly, name, table)
    _, numbered = number_customers(replace(assembly, tables={name: assembly.tables[name]}, entity=None), {name: table})
    customers, known_by = numbered[name], rows.clock.known_by(instant)
    superseded = np.full(len(customers), NEVER, dtype=np.int64)
    before, after = rows.versions(customers)
    superseded[before] = rows.known[after]
    counts = (rows.known <= known_by) & (rows.times < rows.clock.seen_at(instant)) & (superseded == NEVER)
    # The newest row stays, so that the customer does not leave the tables.
    order = np.lexsort((rows.times, counts, customers))
    newest = order[np.append(customers[order][1:] != customers[order][:-1], True)] if len(order) else order
    settled = counts & (rows.times < _lowest(assembly, name, rows.clock, instant))
    settled[newest] = False
    return superseded <= known_by, settled


def _lowest(assembly: Assembly, name: str, clock: TableClock, instant: int) -> int:
    """Where the rows begin that bounded windows reach at the instant."""
    reaches = [
        reach_of(window, clock, assembly.zone, instant).lowest
        for window in assembly.windows.values()
        if window.table == name
    ]
    return min((low for low in reaches if low is not None), default=clock.seen_at(instant))


def _is_bounded(window: WindowFeature) -> bool:
    return window.window.days is not None or window.last is not None


def _is_possible(assembly: Assembly, window: WindowFeature) -> bool:
    is_kept = assembly.tables[window.table].kind != "events"
    return is_kept or _is_bounded(window) or window.aggregate.merge is not None


def _accumulated(assembly: Assembly, name: str) -> list[WindowFeature]:
    """The table's windows over all history that are put together from parts."""
    return [
        window
        for window in assembly.windows.values()
        if window.table == name and not _is_bounded(window) and window.aggregate.merge is not None
    ]


def _merged(window: WindowFeature, earlier: Floats, later: Floats) -> Floats:
    merge = window.aggregate.merge
    if merge is None:
        raise ValueError(f"'{window.name}' cannot be put together from parts")
    return np.where(np.isnan(earlier), later, np.where(np.isnan(later), earlier, merge(earlier, later)))


def _moved(sums: pa.Table, assembly: Assembly, since: int, instant: int) -> pa.Table:
    """What was computed as of one instant, as of a later one: days up to the instant have grown."""
    clock = TableClock.of(assembly, next(iter(assembly.tables)))
    days = (clock.seen_at(instant) - clock.seen_at(since)) / DAY_US
    for window in assembly.windows.values():
        if window.aggregate.counts_to_instant:
            moved = _floats(sums.column(window.name)) + days
            sums = sums.set_column(
                sums.column_names.index(window.name), window.name, pa.array(moved, mask=np.isnan(moved))
            )
    return sums


def _added(earlier: pa.Table, later: pa.Table, assembly: Assembly) -> pa.Table:
    """The customers of both, with the values of their windows put together."""
    first, second = (table.column(assembly.key).combine_chunks() for table in (earlier, later))
    keys = pa.concat_arrays([first, second]).unique()
    columns: dict[str, Any] = {assembly.key: keys}
    at_first, at_second = pc.index_in(keys, value_set=first), pc.index_in(keys, value_set=second)
    for name, window in assembly.windows.items():
        merged = _merged(
            window, _floats(earlier.column(name).take(at_first)), _floats(later.column(name).take(at_second))
        )
        columns[name] = pa.array(merged, mask=np.isnan(merged))
    return pa.table(columns)


def _floats(column: pa.ChunkedArray) -> Floats:
    found: Floats = column.to_numpy().astype(np.float64)
    return found


def _ids(assembly: Assembly, name: str, table: pa.Table) -> pa.Array:
    """A text for the customer and the id of each row; null without an id."""
    described = assembly.tables[name]
    parts = [table.column(column).cast(pa.string()) for column in (described.key_column, str(described.row_id))]
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.string())
