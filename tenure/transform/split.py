"""Which rows train, which validate, which test.

``stratified``   by customer: within each class, customers ranked by a keyed hash of their key. Whoever adds, drops or
                 shuffles rows moves few others. All rows of a customer are in one part. A number's classes are its
                 strata.
``time``         by time: the oldest rows train, the newest test. Rows of one time are in one part.

An event log is split by cut: the last test, those before validate, the first train. A customer may then stand in
several parts, at different cuts, as customers do when a model is used: it was trained on their past. The horizons of
cuts must not overlap, or the label of one would be known from another. With two cuts, the customers of the first are
divided between training and validation; with one, among all three parts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.errors import DataError
from tenure.transform.strata import stratify
from tenure.transform.windows import horizon_days

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")

LEAST_OF_STRATUM = 20
"""Customers of a stratum of a number: each part gets some of them."""

HASHED_AT_ONCE = 65_536

Places = NDArray[np.int8]
"""For each row the index of its part in ``PARTS``."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which part each row is in."""

    strategy: Literal["stratified", "time"]
    places: Places
    """Shape (rows,)."""
    rows: dict[str, int]
    positives: dict[str, int]
    """Rows of customers who left, a part; empty for regression."""
    keys_in_several_parts: int
    """Customers with rows in more than one part; 0 unless an event log is split by time."""


def assign(
    contract: Contract, keys: pa.Array | pa.ChunkedArray, labels: NDArray[Any], times: NDArray[Any] | None
) -> Assignment:
    """Divide rows by the contract's ``split``.

    Args:
        keys: shape (rows,).
        labels: 0 or 1; for regression the number; shape (rows,).
        times: of each row, in the contract's time column, or its cut; shape (rows,). None without time.

    Raises:
        DataError: a part would lack a class, or hold one value of a number only; times are too few to divide, or
            horizons overlap.
    """
    split, strategy = contract.split, contract.split_strategy
    shares = (split.train, split.validation, split.test)
    codes, hashes = _hashed(keys, split.seed)
    is_number = contract.task == "regression"
    classes = stratify(labels, LEAST_OF_STRATUM).astype(np.int8) if is_number else labels
    if strategy == "stratified":
        places = _by_customer(codes, hashes, classes, shares)
    elif times is None:
        raise ValueError("a split by time needs times")
    elif contract.events is None:
        places = _by_time(times, shares)
    else:
        places = _by_cut(codes, hashes, classes, times, shares)
        _refuse_overlap(places, times, horizon_days(contract))
    (_refuse_one_value if is_number else _refuse_one_class)(places, labels)
    shared = _keys_in_several_parts(codes, places, len(hashes))
    if shared and (strategy == "stratified" or contract.events is None):
        raise DataError(f"{shared} values of the key '{contract.key}' stand in several parts of the split")
    positives = {} if is_number else _per_part(places, labels)
    return Assignment(strategy, places, _per_part(places, None), positives, shared)


def _per_part(places: Places, weights: NDArray[np.int8] | None) -> dict[str, int]:
    counts = np.bincount(places, weights, len(PARTS)).astype(int).tolist()
    return dict(zip(PARTS, counts, strict=True))


def _hashed(keys: pa.Array | pa.ChunkedArray, seed: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Each row's customer, from 0, and each customer's hash, keyed by ``seed``; two keys in 2^64 share one."""
    secret = str(seed).encode()
    of_row = np.empty(len(keys), dtype="<u8")
    # Some keys at a time: as Python objects, or in one dictionary, they take ten times the memory.
    for start in range(0, len(of_row), HASHED_AT_ONCE):
        part = keys.slice(start, HASHED_AT_ONCE)
        encoded = (part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part).dictionary_encode()
        texts = encoded.dictionary.cast(pa.string()).to_pylist()
        digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8, key=secret).digest() for text in texts)
        of_row[start : start + len(part)] = np.frombuffer(digests, dtype="<u8")[encoded.indices.to_numpy()]
    hashes, codes = np.unique(of_row, return_inverse=True)
    return codes, hashes


def _by_customer(
    codes: NDArray[np.int64], hashes: NDArray[np.uint64], classes: NDArray[np.int8], shares: tuple[float, ...]
) -> Places:
    # A customer with several rows has the class of the one who left, if that is among them.
    highest = np.zeros(len(hashes), dtype=np.int8)
    np.maximum.at(highest, codes, classes)
    of_customer = np.zeros(len(hashes), dtype=np.int8)
    for kind in np.unique(highest):
        members = np.flatnonzero(highest == kind)
        ranked = members[np.argsort(hashes[members], kind="stable")]
        bounds = _counts(len(ranked), shares)
        of_customer[ranked] = np.repeat(np.arange(len(shares), dtype=np.int8), bounds)
    return of_customer[codes]


def _by_time(times: NDArray[Any], shares: tuple[float, ...]) -> Places:
    distinct, codes, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(distinct) < len(PARTS):
        raise DataError(f"the time column has {len(distinct)} different times: a split by time needs three at least")
    return _parts_of_steps(counts, shares)[codes]


def _by_cut(
    codes: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    classes: NDArray[np.int8],
    cuts: NDArray[Any],
    shares: tuple[float, float, float],
) -> Places:
    distinct, steps, counts = np.unique(cuts, return_inverse=True, return_counts=True)
    if len(distinct) >= len(PARTS):
        return _parts_of_steps(counts, shares)[steps]
    if len(distinct) == 1:
        return _by_customer(codes, hashes, classes, shares)
    places = np.full(len(codes), PARTS.index("test"), dtype=np.int8)
    first = np.flatnonzero(steps == 0)
    before = shares[0] + shares[1]
    met, again = np.unique(codes[first], return_inverse=True)
    places[first] = _by_customer(again, hashes[met], classes[first], (shares[0] / before, shares[1] / before))
    return places


def _parts_of_steps(counts: NDArray[np.int64], shares: tuple[float, ...]) -> Places:
    """The part of each step of time: bounds as near to the shares as whole steps allow, no part empty."""
    ends = np.cumsum(counts)
    wanted = np.cumsum(shares)[:-1] * ends[-1]
    steps = len(counts)
    bounds: list[int] = []
    for index, rows in enumerate(wanted.tolist()):
        nearest = int(np.argmin(np.abs(ends - rows))) + 1
        least = bounds[-1] + 1 if bounds else 1
        bounds.append(min(max(nearest, least), steps - (len(wanted) - index)))
    lengths = np.diff([0, *bounds, steps])
    return np.repeat(np.arange(len(shares), dtype=np.int8), lengths)


def _counts(number: int, shares: tuple[float, ...]) -> NDArray[np.int64]:
    """Whole rows a part, each bound as near to the shares as whole rows allow; halves go to the earlier part."""
    bounds = np.floor(np.cumsum(shares) * number + 0.5 + 1e-9).astype(np.int64)
    return np.diff(bounds, prepend=0)


def _refuse_overlap(places: Places, cuts: NDArray[Any], horizon: int) -> None:
    """What a customer does in days that two horizons share is part of the label at both cuts: a model would be
    tested on what it was taught."""
    days = cuts.astype("datetime64[D]")
    for before, after in pairwise(range(len(PARTS))):
        earlier, later = days[places == before].max(), days[places == after].min()
        if earlier < later < earlier + horizon:
            raise DataError(
                f"the {horizon} days from the cut {earlier} ({PARTS[before]}) reach beyond the cut {later} "
                f"({PARTS[after]}): cuts of different parts must be {horizon} days apart"
            )


def _refuse_one_class(places: Places, labels: NDArray[np.int8]) -> None:
    for index, part in enumerate(PARTS):
        inside = labels[places == index]
        for kind, what in ((1, "who left"), (0, "who stayed")):
            if not (inside == kind).any():
                raise DataError(f"the {part} part of the split has {len(inside)} rows and no customer {what}")


def _refuse_one_value(places: Places, labels: NDArray[np.float64]) -> None:
    for index, part in enumerate(PARTS):
        inside = labels[places == index]
        if not len(inside) or inside.min() == inside.max():
            found = f"the label is {inside[0]:g} in all of them" if len(inside) else "a model needs some"
            raise DataError(f"the {part} part of the split has {len(inside)} rows: {found}")


def _keys_in_several_parts(codes: NDArray[np.int64], places: Places, customers: int) -> int:
    low = np.full(customers, len(PARTS), dtype=np.int8)
    high = np.full(customers, -1, dtype=np.int8)
    np.minimum.at(low, codes, places)
    np.maximum.at(high, codes, places)
    return int((low < high).sum())
