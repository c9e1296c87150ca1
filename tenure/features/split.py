"""Which rows train, which validate, which test.

``stratified``   by customer: within each class, customers ranked by a keyed hash of their key. Whoever adds, drops or
                 shuffles rows moves few others. All rows of a customer are in one part: what a model has learned of a
                 customer is of no use in the test. Of a panel (``split: {by: customer}``) the shares are of customers,
                 and every part has rows of all times. The classes of a number are its strata.
``time``         by time: the oldest rows train, the newest test. Rows of one time are in one part.

A panel that is computed from tables is split by cut: the last test, those before validate, the first train. A customer
may then stand in several parts, at different cuts, as customers do when a model is used: it was trained on their past.
Cuts whose labels are known only after the next part begins are in no part (``split_by_cut``). With two cuts, the
customers of the first are divided between training and validation; with one, among all three parts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.sources import assembly_of
from tenure.errors import DataError
from tenure.features.split_by_cut import EMBARGO, label_ends, parts_of_cuts, too_few
from tenure.stats.clusters import highest_stratum
from tenure.tasks import get

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")

Places = NDArray[np.int8]
"""For each row the index of its part in ``PARTS``, or ``EMBARGO``."""

Codes = NDArray[np.int64]
"""For each row its customer, from 0, in the order of their hashes."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which part each row is in."""

    strategy: Literal["stratified", "time"]
    places: Places
    """Shape (rows,)."""
    rows: dict[str, int]
    """Of each part."""
    customer: Codes | None
    """Shape (rows,); None where no two rows are of one customer."""
    keys_in_several_parts: int
    """Customers with rows in more than one part; 0 unless a panel is split by cut."""

    @property
    def embargo(self) -> NDArray[np.bool_]:
        """The rows that are in no part; shape (rows,)."""
        return self.places == EMBARGO


def assign(
    contract: Contract, hashes: NDArray[np.uint64], labels: NDArray[Any], times: NDArray[Any] | None
) -> Assignment:
    """Divide rows by the contract's ``split``. Takes about 25 bytes a row beside what is passed to it.

    Args:
        hashes: of the rows' keys, by ``hash_keys``; shape (rows,). Two keys in 2^64 share one, and a part with it.
        labels: those of the contract's task, shape (rows,).
        times: of each row, in the contract's time column, or its cut; shape (rows,). None without time.

    Raises:
        DataError: a part would lack a class, or have one value of the label only; or times are too few to divide.
    """
    split, strategy = contract.split, contract.split_strategy
    shares = (split.train, split.validation, split.test)
    codes = _ranks(hashes)
    customers = int(codes.max(initial=-1)) + 1
    label = get(contract.task).label
    classes = label.split_strata(labels)
    if strategy == "stratified":
        places = _by_customer(codes, classes, shares)
    elif times is None:
        raise ValueError("a split by time needs times")
    elif not contract.is_assembled:
        places = _by_time(times, shares)
    else:
        places = _by_cut(contract, codes, classes, times, shares)
    for index, part in enumerate(PARTS):
        label.check_part(part, labels[places == index])
    shared = _keys_in_several_parts(codes, places, customers)
    if shared and (strategy == "stratified" or not contract.is_assembled):
        raise DataError(f"{shared} values of the key '{contract.key_column}' stand in several parts of the split")
    rows: dict[str, int] = {part: int(np.count_nonzero(places == index)) for index, part in enumerate(PARTS)}
    return Assignment(strategy, places, rows, codes if customers < len(codes) else None, shared)


def hash_keys(keys: pa.Array, seed: int) -> NDArray[np.uint64]:
    """Hash of each key as text, keyed by ``seed``: what customers are ranked by; shape (rows,)."""
    secret = str(seed).encode()
    encoded = keys.dictionary_encode()
    texts = encoded.dictionary.cast(pa.string()).to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8, key=secret).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8")[encoded.indices.to_numpy()]


def _ranks(values: NDArray[Any]) -> Codes:
    """Place of each value among the distinct ones, from 0; shape (n,). ``np.unique`` takes twice the memory."""
    order = np.argsort(values)
    ordered = values[order]
    new = np.zeros(len(values), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    del ordered
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.cumsum(new)
    return ranks


def _by_customer(codes: Codes, classes: NDArray[np.int8], shares: tuple[float, ...]) -> Places:
    # A customer with several rows has the class of the one who left, if that is among them.
    highest = highest_stratum(classes, codes)
    of_customer = np.zeros(len(highest), dtype=np.int8)
    for kind in np.unique(highest):
        # Ranked by their hashes, as codes are.
        members = np.flatnonzero(highest == kind)
        of_customer[members] = np.repeat(np.arange(len(shares), dtype=np.int8), _counts(len(members), shares))
    return of_customer[codes]


def _by_time(times: NDArray[Any], shares: tuple[float, ...]) -> Places:
    steps = _ranks(times)
    counts = np.bincount(steps)
    if len(counts) < len(PARTS):
        raise DataError(f"the time column has {len(counts)} different times: a split by time needs three at least")
    return _parts_of_steps(counts, shares)[steps]


def _by_cut(
    contract: Contract, codes: Codes, classes: NDArray[np.int8], times: NDArray[Any], shares: tuple[float, float, float]
) -> Places:
    assembly, steps = assembly_of(contract), _ranks(times)
    counts, cuts = np.bincount(steps), np.unique(times)
    if len(counts) == 1:
        return _by_customer(codes, classes, shares)
    ends = label_ends(assembly, cuts)
    if len(counts) >= len(PARTS):
        nearest = _parts_of_steps(counts, shares)
        new = np.flatnonzero(np.diff(nearest)) + 1
        if (ends[new - 1] <= cuts[new]).all():
            return nearest[steps]
        return parts_of_cuts(assembly, cuts, counts, shares)[steps]
    if ends[0] > cuts[1]:
        raise DataError(too_few(assembly, cuts))
    places = np.full(len(codes), PARTS.index("test"), dtype=np.int8)
    first = np.flatnonzero(steps == 0)
    before = shares[0] + shares[1]
    places[first] = _by_customer(_ranks(codes[first]), classes[first], (shares[0] / before, shares[1] / before))
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


def _keys_in_several_parts(codes: Codes, places: Places, customers: int) -> int:
    low = np.full(customers, len(PARTS), dtype=np.int8)
    high = np.full(customers, -1, dtype=np.int8)
    inside = places != EMBARGO
    np.minimum.at(low, codes[inside], places[inside])
    np.maximum.at(high, codes[inside], places[inside])
    return int((low < high).sum())
