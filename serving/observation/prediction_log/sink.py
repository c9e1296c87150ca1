"""Writes the log's files to a folder on disk or in an object store."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tenure.errors import SourceError, StorageError, TenureError

if TYPE_CHECKING:
    import pyarrow as pa


class Sink:
    """A folder of Parquet files.

    Args:
        location: a folder, or a URI of pyarrow.fs.
    """

    def __init__(self, location: str) -> None:
        self.location = location

    def write(self, batches: list[pa.RecordBatch]) -> str:
        """Write one file atomically; returns its name. The order of names is the order of time.

        Raises:
            StorageError: the disk is full or denies access. SourceError: the store cannot be reached or denies access.
            DataError: the location is invalid.
        """
        import pyarrow as pa
        import pyarrow.fs
        import pyarrow.parquet as pq

        from tenure.prediction_log import open_location

        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid.uuid4().hex[:12]}.parquet"
        try:
            system, folder = open_location(self.location)
            local = isinstance(system, pyarrow.fs.LocalFileSystem)
            if local:
                system.create_dir(folder, recursive=True)
            # An object is visible when it is complete, a file on disk when it is opened.
            path = f"{folder}/.{name}.tmp" if local else f"{folder}/{name}"
            content = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_batches(batches), content, compression="zstd")
            try:
                with system.open_output_stream(path) as stream:
                    stream.write(content.getvalue())
                if local:
                    system.move(path, f"{folder}/{name}")
            except BaseException:
                if local and system.get_file_info(path).type != pyarrow.fs.FileType.NotFound:
                    system.delete_file(path)
                raise
        except TenureError:
            raise
        except (OSError, pa.ArrowException) as error:
            kind = SourceError if "://" in self.location else StorageError
            raise kind(f"cannot write to {self.location}: {' '.join(str(error).split())[:300]}") from error
        return name
