"""64-bit hashes of rows, to find duplicates without holding the rows in memory."""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
STEP = np.uint64(0x9E3779B97F4A7C15)
WEIGHTS = 4_096
"""Bytes of a text that have a weight of their own; the weights repeat after it."""


def hash_rows(columns: list[pa.Array]) -> np.ndarray:
    """Hash of each row's values in ``columns``; uint64, shape (rows,).

    Equal rows have equal hashes. Unequal rows collide with a probability of about 2^-57 per pair: a caller that needs
    certainty compares the rows. Texts are hashed by multilinear hashing (Lemire and Kaser, "Strongly universal string
    hashing is fast", 2014), numbers by their bits; both are finished by the mixer of SplitMix64 (Steele, Lea and Flood,
    "Fast splittable pseudorandom number generators", 2014).
    """
    whole = np.zeros(len(columns[0]), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            whole = _mix(whole * STEP + _hash(column))
    return whole


def _hash(column: pa.Array) -> np.ndarray:
    if pa.types.is_string(column.type):
        values = _hash_texts(pc.fill_null(column, ""))
    elif pa.types.is_floating(column.type):
        values = (pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False) + 0.0).view(np.uint64)
    else:
        whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
        values = pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).view(np.uint64)
    present = column.is_valid().to_numpy(zero_copy_only=False)
    return _mix(values + STEP * present.astype(np.uint64))


def _hash_texts(column: pa.Array) -> np.ndarray:
    _, offset_buffer, data_buffer = column.buffers()
    ends = np.frombuffer(offset_buffer, dtype=np.int32)[column.offset : column.offset + len(column) + 1].astype(
        np.int64
    )
    lengths = np.diff(ends)
    result = _mix(lengths.astype(np.uint64))
    filled = np.flatnonzero(lengths)
    if data_buffer is None or not len(filled):
        return result
    data = np.frombuffer(data_buffer, dtype=np.uint8)[ends[0] : ends[-1]]
    starts = ends[:-1] - ends[0]
    place = np.arange(len(data), dtype=np.int64) - np.repeat(starts, lengths)
    terms = (data.astype(np.uint64) + np.uint64(1)) * _weights()[place % WEIGHTS]
    # Empty texts have no bytes: reduceat would give them their neighbour's.
    result[filled] ^= np.add.reduceat(terms, starts[filled])
    return result


@functools.cache
def _weights() -> np.ndarray:
    # The sequence of SplitMix64: importing numpy.random would take longer than most tables take to be checked.
    with np.errstate(over="ignore"):
        return _mix(np.arange(1, WEIGHTS + 1, dtype=np.uint64) * STEP) | np.uint64(1)


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * MIX_1
    values = (values ^ (values >> np.uint64(27))) * MIX_2
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed
