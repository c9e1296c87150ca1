"""Sources of tables: CSV, JSON, Parquet, Excel, SQL and Arrow, local and remote, read by batches in bounded memory."""

from tenure.sources.address import absolute_uri, relative_uri, replace_uri
from tenure.sources.content import ContentHash
from tenure.sources.factory import is_table_folder, move_uri, open_source
from tenure.sources.format import FileFormat, Format, Match, Sniffed
from tenure.sources.protocol import Batch, RejectedRow, Source
from tenure.sources.sink import TableSink
from tenure.sources.sniff import sniff, sniff_other, sniff_with_notes

__all__ = [
    "Batch",
    "ContentHash",
    "FileFormat",
    "Format",
    "Match",
    "RejectedRow",
    "Sniffed",
    "Source",
    "TableSink",
    "absolute_uri",
    "is_table_folder",
    "move_uri",
    "open_source",
    "relative_uri",
    "replace_uri",
    "sniff",
    "sniff_other",
    "sniff_with_notes",
]
