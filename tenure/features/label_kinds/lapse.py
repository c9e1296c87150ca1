"""``lapse``: 1 for a customer with a period that ends in the horizon, and none that follows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.contract.aggregates.rows import Codes
from tenure.contract.assembly import HorizonLabel
from tenure.contract.durations import DAY_US, Duration
from tenure.features.arrays import Array
from tenure.features.instants import later, local_times, midnights
from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import ALREADY, IN_THE_GAP, Outcome, Span
from tenure.features.label_rows import Flags, LabelRows

NEVER = np.iinfo(np.int64).max


def _labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:
    """1 for a customer with a period that ends in the horizon, where none with a later end begins within the grace.

    A customer without a running period at the cut, or with one that ends before the horizon and is not followed, has no
    label. A period without an end goes on.
    """
    column = rows.column(str(label.ends))
    known = np.ones(len(rows.times), dtype=np.bool_) if column.known is None else column.known
    ends = np.full(len(known), NEVER)
    ends[known] = _ends(column, rows, is_day=rows.is_day(str(label.ends)))[known]
    lapses = np.zeros(len(ends), dtype=np.bool_)
    lapses[known] = _following(rows, ends)[known] > _graced(ends[known], label.grace, rows)

    def lapsed(first: int, end: int) -> Flags:
        return rows.customers_of(lapses & (ends >= first) & (ends < end))

    def at(span: Span) -> Outcome:
        running = rows.customers_of((rows.times < span.cut) & (ends >= span.cut))
        return Outcome(
            lapsed(span.start, span.end).astype(np.int8), {ALREADY: ~running, IN_THE_GAP: lapsed(span.cut, span.start)}
        )

    return at


def _ends(column: Array, rows: LabelRows, *, is_day: bool) -> Codes:
    """The ends as times of the table's clock."""
    values = column.values
    if is_day == rows.has_whole_days:
        return values
    return midnights(values // DAY_US, rows.zone) if is_day else local_times(values, rows.zone) // DAY_US * DAY_US


def _graced(ends: Codes, grace: Duration, rows: LabelRows) -> Codes:
    if rows.has_whole_days:
        return ends + grace.days * DAY_US + grace.microseconds
    return later(ends, grace, rows.zone)


def _following(rows: LabelRows, ends: Codes) -> Codes:
    """For each period the begin of the one that follows: the earliest of those that end later, or ``NEVER``."""
    order = np.lexsort((ends, rows.customer))
    found = np.empty(len(order), dtype=np.int64)
    found[order] = _first_start_of_later(rows.customer[order], ends[order], rows.times[order])
    return found


def _first_start_of_later(customer: Codes, ends: Codes, starts: Codes) -> Codes:
    """``_following``, of rows ordered by customer and end."""
    count = len(customer)
    found = np.full(count, NEVER)
    if not count:
        return found
    # The smallest begin from each period to the customer's last: a running minimum from behind, over ranks that are
    # lower for each further customer, so that it begins anew there.
    by_start = np.argsort(starts, kind="stable")
    ranks = np.empty(count, dtype=np.int64)
    ranks[by_start] = np.arange(count)
    lowered = (customer[-1] - customer[::-1]) * count
    smallest = (np.minimum.accumulate(ranks[::-1] - lowered) + lowered)[::-1]
    new_end = np.ones(count, dtype=np.bool_)
    new_end[1:] = (customer[1:] != customer[:-1]) | (ends[1:] != ends[:-1])
    # The first row behind the rows with the same customer and end.
    behind = np.append(np.flatnonzero(new_end), count)[np.cumsum(new_end)]
    followed = np.flatnonzero(behind < count)
    followed = followed[customer[behind[followed]] == customer[followed]]
    found[followed] = starts[by_start[smallest[behind[followed]]]]
    return found


KIND = Kind(_labels, looks_back=True, settled=1)
