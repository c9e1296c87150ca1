"""The state of incremental features in files, from one night to the next.

STATE/state.json          contract hash and instant; written last, so that a state is whole or not there
STATE/INSTANT/rows/TABLE.parquet, sums/TABLE.parquet, ids/TABLE.parquet, corrected.parquet
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.atomic import storage_errors, write_text
from tenure.contract import Contract, contract_hash
from tenure.errors import DataError, StorageError
from tenure.features.incremental import State
from tenure.sources import TableSink

RECORD = "state.json"


def write_state(state: State, folder: Path) -> None:
    """Write the state to ``folder``, in place of the one that is there.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    current = folder / str(state.instant)
    for name, table in state.rows.items():
        _write(table, current / "rows" / f"{name}.parquet")
    for name, table in state.sums.items():
        _write(table, current / "sums" / f"{name}.parquet")
    for name, ids in state.ids.items():
        _write(pa.table({"id": ids}), current / "ids" / f"{name}.parquet")
    _write(pa.table({"key": state.corrected}), current / "corrected.parquet")
    record = {"contract": contract_hash(state.contract), "instant": state.instant}
    write_text(folder / RECORD, json.dumps(record, indent=1) + "\n")
    with storage_errors(folder):
        for other in folder.iterdir():
            if other.is_dir() and other != current:
                shutil.rmtree(other)


def read_state(contract: Contract, folder: Path) -> State:
    """The state that was written to ``folder``.

    Raises:
        DataError: the folder holds the state of another contract, or an invalid record.
        StorageError: a file cannot be read.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        instant, written = int(record["instant"]), record["contract"]
    except OSError as error:
        raise StorageError(f"cannot read {folder / RECORD}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{folder / RECORD} is not the record of a state: start anew from all rows") from None
    if written != contract_hash(contract):
        raise DataError(
            f"{folder} holds the state of another contract than '{contract.name}': start anew from all rows"
        )
    current = folder / str(instant)
    ids = {name: table.column("id").combine_chunks() for name, table in _tables(current / "ids").items()}
    corrected = _read(current / "corrected.parquet").column("key").combine_chunks()
    return State(contract, instant, _tables(current / "rows"), _tables(current / "sums"), ids, corrected)


def _write(table: pa.Table, path: Path) -> None:
    with TableSink(path, table.schema) as sink:
        for batch in table.to_batches():
            sink.write(batch)


def _tables(folder: Path) -> Mapping[str, pa.Table]:
    return {path.stem: _read(path) for path in sorted(folder.glob("*.parquet"))}


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
