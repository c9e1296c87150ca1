"""What a file is, by its first bytes."""

from __future__ import annotations

import re

CODECS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
"""First bytes of compressed files, with the names of Arrow's codecs."""
ZIP = b"PK\x03\x04"
FORMATS = {b"PAR1": "parquet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "xlsx"}
"""First bytes of files, with the format that reads them."""
FOREIGN = {
    b"PAR1": "a Parquet file",
    ZIP: "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"SQLite format 3": "an SQLite database: give its address as sqlite:///PATH, with a query",
    b"%PDF": "a PDF",
}
"""First bytes of files that are not text, and what they are."""
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|!--)", re.IGNORECASE)
JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*\{)')
UTF16_JSON = re.compile(rb"(?:\xff\xfe|\xfe\xff)\0?[{\[]\0")
LONGEST = 16


def codec_of(head: bytes) -> str | None:
    """The codec that a file is compressed by; None if it is not compressed."""
    return next((codec for magic, codec in CODECS.items() if head.startswith(magic)), None)


def foreign(head: bytes) -> str | None:
    """What a file is, for a message, where it is not text of a table; None if it may be."""
    if MARKUP.match(head):
        return "an HTML or XML page"
    return next((what for magic, what in FOREIGN.items() if head.startswith(magic)), None)
