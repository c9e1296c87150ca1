"""Events of days: how many a customer has on each, and at what time of the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.generators.business import Rows
from tenure.generators.calendar import DAY, Days
from tenure.generators.chain import Array, Walk


def events_of_days(rate: Array, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw Poisson counts and give each event a row: positions of its customer and numbers of its day, (rows,) each.

    Args:
        rate: expected events, (customers, days); 0 on days on which a customer is absent.
        random: where the draws come from.
    """
    counts = random.poisson(rate)
    owner, day = np.nonzero(counts)
    times = counts[owner, day]
    return np.repeat(owner, times), np.repeat(day, times)


def times_of_day(
    days: Days, day: NDArray[np.integer], random: np.random.Generator, *, peak_hour: float, spread_hours: float
) -> NDArray[np.int64]:
    """Instants on these days, around an hour of the local day; (rows,).

    Args:
        days: of the simulation.
        day: numbers of days, (rows,).
        random: where the draws come from.
        peak_hour: the hour around which events are.
        spread_hours: their standard deviation before it is wrapped into the day.
    """
    hours = (peak_hour + spread_hours * random.standard_normal(day.size)) % 24.0
    length = days.starts[day + 1] - days.starts[day]
    # On the day on which clocks go forward the last hour is missing: the day's length is scaled.
    return days.starts[day] + (hours / 24.0 * length).astype(np.int64)


def instants_of_leaving(
    days: Days, walk: Walk, random: np.random.Generator, *, peak_hour: float, spread_hours: float
) -> NDArray[np.int64]:
    """When each customer leaves: on the day of the first event; (customers,).

    For those who stay it is an instant after the days. The other arguments are those of ``times_of_day``.
    """
    day = walk.first_event()
    stays = day == days.count
    time = times_of_day(days, np.where(stays, 0, day), random, peak_hour=peak_hour, spread_hours=spread_hours)
    return np.where(stays, days.starts[-1] + DAY, time)


def while_present(
    owner: NDArray[np.integer],
    columns: Mapping[str, Any],
    time: str,
    since: NDArray[np.int64],
    until: NDArray[np.int64],
) -> Rows:
    """The rows of the time in which their customer was there, by customer and time.

    Args:
        owner: position of each row's customer; (rows,).
        columns: numpy arrays (rows,).
        time: the column of instants.
        since, until: the instants at which each customer came and left; (customers,).
    """
    order = np.lexsort((columns[time], owner))
    instants = columns[time][order]
    order = order[(instants >= since[owner[order]]) & (instants < until[owner[order]])]
    return Rows(owner[order], {name: column[order] for name, column in columns.items()})
