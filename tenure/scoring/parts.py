"""A scoring run in parts, so that a killed one can be resumed.

While a run works, its files are in the folder ``.<day>.partial``: a job file that says what is scored, and the finished
parts. The next run of the same job goes on after the last complete part; any other job starts over.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.atomic import write_text
from tenure.errors import StorageError
from tenure.features.customers_at import CustomersAt
from tenure.intake.customers import Customers
from tenure.parsing import rejects
from tenure.sources import ContentHash, TableSink

JOB_FILE = "job.json"
INPUTS = b"tenure.inputs"
"""Metadata of a part's file: hash of the rows that the scores are of."""


def open_work_folder(folder: Path, job: dict[str, Any]) -> None:
    """Prepare ``folder`` for ``job``: keep the parts of a killed run of the same job, remove anything else.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    text = json.dumps(job, sort_keys=True) + "\n"
    try:
        same = (folder / JOB_FILE).read_text(encoding="utf-8") == text
    except OSError:
        same = False
    if not same:
        shutil.rmtree(folder, ignore_errors=True)
        write_text(folder / JOB_FILE, text)


def close_work_folder(folder: Path, target: Path) -> None:
    """Rename the finished ``folder`` to ``target``, in place of a former run's.

    Raises:
        StorageError: a folder cannot be renamed.
    """
    former = target.with_name(f".{target.name}.{os.getpid()}.former")
    try:
        (folder / JOB_FILE).unlink()
        if target.exists():
            target.rename(former)
        folder.rename(target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
    shutil.rmtree(former, ignore_errors=True)


def read_parts(customers: Customers | CustomersAt, part_rows: int, rejected: TableSink) -> Iterator[pa.Table]:
    """The customers in tables of ``part_rows`` rows, the last one shorter; rejected rows are written to ``rejected``.

    Raises:
        DataError, ContractError, SourceError: as ``Customers.batches``.
    """
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch, bad in customers.batches():
        if bad:
            rejected.write(rejects.to_batch(sorted(bad, key=lambda row: row.row)))
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= part_rows:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, part_rows)
            waiting = table.slice(part_rows).to_batches()
            rows -= part_rows
    if rows:
        yield pa.Table.from_batches(waiting)


def part_file(folder: Path, number: int) -> Path:
    """File of the part ``number``, from 0."""
    return folder / f"part-{number:05}.parquet"


def inputs_hash(part: pa.Table) -> str:
    """Hash of all that was read of a part, key and row numbers included."""
    content = ContentHash(part.schema)
    for batch in part.to_batches():
        content.update(batch)
    return content.hexdigest()


def write_part(path: Path, scores: pa.Table, inputs: str) -> None:
    """Write the scores of a part.

    Args:
        inputs: ``inputs_hash`` of the part that they are of.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    marked = scores.replace_schema_metadata({INPUTS: inputs})
    with TableSink(path, marked.schema) as sink:
        for batch in marked.to_batches():
            sink.write(batch)


def read_finished_part(path: Path, inputs: str) -> pa.Table | None:
    """The scores that an earlier run wrote to ``path``; None unless they are of a part with this ``inputs_hash``."""
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return None
    return found if (found.schema.metadata or {}).get(INPUTS) == inputs.encode() else None


def remove_parts_from(folder: Path, number: int) -> None:
    """Delete the parts from ``number`` on, which a longer earlier run left."""
    for path in sorted(folder.glob("part-*.parquet"))[number:]:
        path.unlink()
