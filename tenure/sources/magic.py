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
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x1f\x8b": "a file compressed twice: unpack it once",
    b"\xfd7zXZ": "a file compressed by xz: unpack it, or pack it by gzip, bzip2 or zstd",
    b"7z\xbc\xaf": "a 7z archive: unpack it, or pack it as a ZIP archive",
    b"Rar!": "a RAR archive: unpack it, or pack it as a ZIP archive",
    b"ARROW1": "an Arrow or Feather file: save it as Parquet",
    b"FEA1": "a Feather file: save it as Parquet",
    b"ORC": "an ORC file: save it as Parquet",
    b"Obj\x01": "an Avro file: save it as Parquet",
    b"\x89HDF": "an HDF5 file: save it as Parquet",
    b"<stata_dta>": "a Stata file: save it as CSV or Parquet",
    b"$FL2": "an SPSS file: save it as CSV or Parquet",
    b"\x80\x04\x95": "a Python pickle: save it as CSV or Parquet",
    b"\x80\x05\x95": "a Python pickle: save it as CSV or Parquet",
}
"""First bytes of files that are not text, what they are, and what to do."""
TAR, TAR_PLACE = b"ustar", 257
"""What a tar archive has behind the name and rights of its first file."""
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|!--)", re.IGNORECASE)
JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*\{)')
UTF16_JSON = re.compile(rb"(?:\xff\xfe|\xfe\xff)\0?[{\[]\0")
LONGEST = 16


def codec_of(head: bytes) -> str | None:
    """The codec that a file is compressed by; None if it is not compressed."""
    return next((codec for magic, codec in CODECS.items() if head.startswith(magic)), None)


def foreign(head: bytes) -> str | None:
    """What a file is that is not text of a table, for a message: ``a PDF, not a CSV``; None if it may be one."""
    if MARKUP.match(head):
        what: str | None = "an HTML or XML page"
    elif head[TAR_PLACE : TAR_PLACE + len(TAR)] == TAR:
        what = "a tar archive: unpack it, or pack it as a ZIP archive"
    else:
        what = next((what for magic, what in FOREIGN.items() if head.startswith(magic)), None)
    if what is None:
        return None
    noun, colon, advice = what.partition(": ")
    return f"{noun}, not a CSV{colon}{advice}"
