"""How the training part is divided for cross-validation: stratified, by customer, or forward in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.errors import DataError
from tenure.stats.clusters import count_customers, customers_of, highest_stratum

Indices = NDArray[np.int64]
Kind = Literal["stratified", "grouped", "time"]

STOP_SHARE = 0.15
"""Share of a fold's training rows that early stopping looks at. The held-out rows are for scoring alone: a model that
was stopped where it does best on them would look better than it is."""

MIN_FOLDS_IN_TIME = 2


@dataclass(frozen=True)
class Fold:
    """Row numbers, no row in two of them."""

    fit: Indices
    stop: Indices
    """For early stopping; a family without it fits on these too. Of other customers than ``fit`` where folds are by
    customer."""
    held: Indices

    @property
    def train(self) -> Indices:
        """``fit`` and ``stop``, in the table's order."""
        return np.sort(np.concatenate([self.fit, self.stop]))


@dataclass(frozen=True)
class Folds:
    """The division, and how it was made."""

    kind: Kind
    folds: tuple[Fold, ...]


def divide(
    strata: NDArray,
    count: int,
    seed: int,
    *,
    classes: int = 2,
    key: NDArray | None = None,
    time: NDArray | None = None,
    horizon: np.timedelta64 | None = None,
) -> Folds:
    """Divide rows into folds.

    With ``time``: blocks of time of about equal size, each held out after training on all before it. Rows whose label
    looks past the start of the held-out block are left out of training (purging; Lopez de Prado 2018, section 7.4.1).
    Where that leaves fewer than two folds with both classes (few distinct times, a long horizon), and without
    ``time``: stratified folds, with all rows of a customer in one fold where keys repeat.

    Args:
        strata: the label's classes, 0 or 1; for a number its strata (``tenure.stats.strata``); shape (n,).
        count: folds; there may be fewer in time.
        classes: how many there must be, at least.
        key: customers, shape (n,).
        time: shape (n,), without missing values.
        horizon: how far past its time a label looks.

    Raises:
        DataError: if a class has fewer rows than there are folds.
    """
    y = np.asarray(strata).astype(np.int64)
    customer = None if key is None else customers_of(key)
    require_rows(y, count, classes, None if time is not None else customer)
    if time is not None:
        folds = _in_time(y, count, seed, np.asarray(time), horizon)
        if len(folds) >= MIN_FOLDS_IN_TIME:
            return Folds("time", folds)
    if key is not None and customer is not None:
        # Customers in the order of their keys: the order of the rows has no part in who is held out with whom.
        return Folds("grouped", _by_customer(y, count, seed, np.unique(key, return_inverse=True)[1]))
    return Folds("stratified", _stratified(y, count, seed))


def forward(strata: NDArray, end: int, seed: int) -> Folds:
    """One fold: the rows from ``end`` on are held out, and those before it are fitted on.

    Args:
        strata: the label's classes or strata, shape (n,).
        end: number of rows to fit on; the rows after them are later.
    """
    y = np.asarray(strata).astype(np.int64)
    return Folds("time", (Fold(*_carve(np.arange(end), y, seed), np.arange(end, len(y))),))


def require_rows(
    strata: NDArray[np.integer], count: int, classes: int, customer: NDArray[np.int64] | None = None
) -> None:
    """Check that rows are enough for ``count`` folds; arguments as of ``divide``.

    Args:
        customer: of ``tenure.stats.clusters.customers_of``, shape (n,), where folds keep customers whole.

    Raises:
        DataError: a class has fewer rows, or rows of fewer customers, than there are folds.
    """
    smallest = int(np.bincount(strata, minlength=classes).min())
    if smallest < count:
        raise DataError(f"the training part has {smallest} rows of its smaller class, too few for {count} folds")
    if customer is not None and classes > 1:
        customers = min(count_customers(customer, strata == value) for value in range(classes))
        if customers < count:
            raise DataError(
                f"the training part has too few customers of its smaller class for {count} folds: {customers}"
            )


def _stratified(strata: Indices, count: int, seed: int) -> tuple[Fold, ...]:
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    parts = splitter.split(np.zeros(len(strata)), strata)
    return tuple(Fold(*_carve(train, strata, seed + number), held) for number, (train, held) in enumerate(parts))


def _by_customer(strata: Indices, count: int, seed: int, customer: Indices) -> tuple[Fold, ...]:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    divided = splitter.split(np.zeros(len(strata)), strata, customer)
    folds = tuple(
        Fold(*_carve_customers(train, strata, customer, seed + number), held)
        for number, (train, held) in enumerate(divided)
    )
    parts = [rows for fold in folds for rows in (fold.fit, fold.stop, fold.held)]
    if _differ(strata) and not all(_differ(strata[rows]) for rows in parts):
        raise DataError(f"too few customers of one class to divide the training part into {count} folds")
    return folds


def _in_time(strata: Indices, count: int, seed: int, time: NDArray, horizon: np.timedelta64 | None) -> tuple[Fold, ...]:
    ordered = np.sort(time)
    # A block starts at a time, never within one: rows of the same moment stay together.
    starts = np.unique(ordered[[len(ordered) * block // (count + 1) for block in range(1, count + 1)]])
    starts = starts[starts > ordered[0]]
    folds = []
    for number, start in enumerate(starts):
        known = time < start if horizon is None else time + horizon <= start
        held = time >= start
        if number + 1 < len(starts):
            held &= time < starts[number + 1]
        train = np.flatnonzero(known)
        if _differ(strata[train]) and _differ(strata[held]) and np.bincount(strata[train]).min() >= count:
            folds.append(Fold(*_carve(train, strata, seed + number), np.flatnonzero(held)))
    return tuple(folds)


def _carve(train: Indices, strata: Indices, seed: int) -> tuple[Indices, Indices]:
    """Rows to fit on and rows to stop by: of each class the same share, at least one row."""
    rng = np.random.default_rng(seed)
    stop = []
    for value in np.unique(strata[train]):
        rows = rng.permutation(train[strata[train] == value])
        stop.append(rows[: max(1, round(STOP_SHARE * len(rows)))])
    chosen = np.sort(np.concatenate(stop))
    return np.setdiff1d(train, chosen, assume_unique=True), chosen


def _carve_customers(train: Indices, strata: Indices, customer: Indices, seed: int) -> tuple[Indices, Indices]:
    """As ``_carve``, with all rows of a customer among those to fit on, or among those to stop by."""
    known, of_row = np.unique(customer[train], return_inverse=True)
    _, stop = _carve(np.arange(len(known)), highest_stratum(strata[train], of_row), seed)
    stops = np.isin(of_row, stop)
    return train[~stops], train[stops]


def _differ(strata: Indices) -> bool:
    return bool(len(strata)) and bool(strata.min() != strata.max())
