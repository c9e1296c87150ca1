"""Content hash of a table, independent of file, format and batch sizes."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ContentHash:
    """SHA-256 of a table, computed batch by batch; batch sizes do not change it.

    Each column has a digest of its values and of its nulls, in row order; the table's digest is computed from names,
    types and the columns' digests.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns = [(hashlib.sha256(), hashlib.sha256()) for _ in schema]
        self._rows = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of ``batch``, whose columns must be the schema's."""
        self._rows += batch.num_rows
        for field, (marks, values) in zip(self._schema, self._columns, strict=True):
            column = batch.column(field.name)
            if pa.types.is_string(field.type):
                lengths = pc.fill_null(pc.binary_length(column), -1)
                marks.update(np.ascontiguousarray(lengths.to_numpy(zero_copy_only=False), dtype="<i4").data)
                values.update(_text(column))
            else:
                present = column.is_valid().to_numpy(zero_copy_only=False)
                marks.update(np.ascontiguousarray(present, dtype=np.uint8).data)
                values.update(_fixed(column).data)

    def hexdigest(self) -> str:
        """64 hex digits."""
        whole = hashlib.sha256(f"rows {self._rows}\n".encode())
        for field, (marks, values) in zip(self._schema, self._columns, strict=True):
            whole.update(f"{field.name}\0{field.type}\n".encode() + marks.digest() + values.digest())
        return whole.hexdigest()


def _text(column: pa.Array) -> memoryview:
    """The concatenated bytes of a string column."""
    filled = pc.fill_null(column, "")
    _, offsets, data = filled.buffers()
    if data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1]
    return memoryview(data)[ends[0] : ends[-1]]


def _fixed(column: pa.Array) -> np.ndarray:
    """The values of a fixed-width column, little-endian; nulls as zero, and minus zero as zero."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return np.ascontiguousarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=np.uint8)
    if pa.types.is_floating(kind):
        return np.ascontiguousarray(pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False) + 0.0, dtype="<f8")
    whole = column.cast(pa.int32()) if pa.types.is_date32(kind) else column
    return np.ascontiguousarray(pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), dtype="<i8")
