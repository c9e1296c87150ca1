"""Where the log's files go: a folder on disk, or object storage."""

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
        location: folder, or a URI that pyarrow.fs knows.
    """

    def __init__(self, location: str) -> None:
        self.location = location

    def write(self, batches: list[pa.RecordBatch]) -> str:
        """Write one file, whole or not at all; returns its name. Names are in the order of time.

        Raises:
            StorageError: the disk is full or refuses. SourceError: the store cannot be reached or refuses.
            DataError: the location is none.
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
            # A store shows an object when it is complete; a disk shows a file when it is begun.
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
