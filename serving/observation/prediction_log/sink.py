"""Writes the log's files to a folder on disk or in an object store."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tenure.errors import SourceError, StorageError, TenureError, one_line

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
            raise self._failed(error) from error
        return name

    def check(self) -> None:
        """Write an empty file whose name is no log file's, and remove it from a disk.

        Raises:
            StorageError, SourceError, DataError: as ``write``.
        """
        import pyarrow as pa
        import pyarrow.fs

        from tenure.prediction_log import open_location

        try:
            system, folder = open_location(self.location)
            local = isinstance(system, pyarrow.fs.LocalFileSystem)
            # A store's identity may be allowed to write only: the object of one name stays.
            path = f"{folder}/.{uuid.uuid4().hex}.tmp" if local else f"{folder}/.writable"
            if local:
                system.create_dir(folder, recursive=True)
            system.open_output_stream(path).close()
            if local:
                system.delete_file(path)
        except (OSError, pa.ArrowException) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> TenureError:
        kind = SourceError if "://" in self.location else StorageError
        return kind(f"cannot write to {self.location}: {one_line(error, 300)}")
