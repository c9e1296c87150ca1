"""Rows that belong together because they are of one customer: a panel's months, an event log's cuts.

They are alike, so n rows of k customers say less than n rows of n customers. A customer is the unit that folds keep
whole and that resamples draw (Davison and Hinkley 1997, "Bootstrap methods and their application", chapter 3; Field and
Welsh 2007, "Bootstrapping clustered data").

A function that takes ``customer`` takes (rows,) codes of ``customers_of``, or None where no two rows are of one
customer; with None it does what it does for rows that have nothing to do with each other.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
S = TypeVar("S", bound=np.generic)


def customers_of(keys: pa.Array | pa.ChunkedArray | NDArray[Any]) -> Ints | None:
    """Code of each row's customer, from 0, without gaps; shape (rows,). None if no key repeats."""
    column = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else pa.array(keys)
    encoded = column.dictionary_encode(null_encoding="encode")
    if len(encoded.dictionary) == len(column):
        return None
    return np.asarray(encoded.indices).astype(np.int64)


def customers_within(customer: Ints | None, rows: NDArray[np.bool_]) -> Ints | None:
    """Codes for some of the rows, those where ``rows``, shape (all rows,), is True."""
    return None if customer is None else customers_of(customer[rows])


def count_customers(customer: Ints | None, rows: NDArray[np.bool_]) -> int:
    """Customers with at least one of some rows, those where ``rows``, shape (all rows,), is True."""
    return int(np.count_nonzero(rows)) if customer is None else len(np.unique(customer[rows]))


def highest_stratum(strata: NDArray[S], customer: Ints) -> NDArray[S]:
    """The highest of each customer's strata from 0, shape (customers,): of classes 1, if the customer ever left."""
    found = np.zeros(int(customer.max(initial=-1)) + 1, dtype=strata.dtype)
    np.maximum.at(found, customer, strata)
    return found


def standard_error(values: Floats, customer: Ints | None) -> float:
    """Of the mean of ``values``, shape (rows,), at least two.

    With several rows a customer it is that of a ratio of customers' totals (Cochran 1977, "Sampling techniques",
    chapter 9A); infinite for a single customer.
    """
    if customer is None:
        return float(values.std(ddof=1) / np.sqrt(len(values)))
    totals = np.bincount(customer, weights=values - values.mean())
    customers = len(totals)
    if customers < 2:
        return float("inf")
    return float(np.sqrt(customers / (customers - 1) * np.sum(totals**2)) / len(values))


def effective_rows(values: NDArray[np.bool_], customer: Ints | None) -> float:
    """How many rows of different customers would tell the share of True in ``values``, shape (rows,), as exactly.

    The number of rows over the design effect (Kish 1965, "Survey sampling"), at most the number of rows;
    the number of customers where all values are equal.
    """
    rows = len(values)
    if customer is None:
        return float(rows)
    share = float(np.mean(values))
    if share in (0.0, 1.0):
        return float(len(np.unique(customer)))
    variance = standard_error(values.astype(np.float64), customer) ** 2
    return float(min(rows, share * (1.0 - share) / variance)) if variance > 0.0 else float(rows)
