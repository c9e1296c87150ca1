"""Writes data frames of an R lazy-load database as CSV; run with a Python that has ``rdata``.

    python read_modeldata.py DATABASE FOLDER NAME …

``DATABASE.rdx`` is the index, a serialized list: name to offset and length in ``DATABASE.rdb``. There each object has
its size (4 bytes, big endian), a byte for the compression where it is not zlib, and its serialization (R Internals,
"Lazy loading").
"""

import bz2
import gzip
import lzma
import struct
import sys
import warnings
import zlib
from pathlib import Path

import rdata

LZMA2 = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 26}]


def read_object(serialized: bytes) -> object:
    return rdata.conversion.convert(rdata.parser.parse_data(serialized))


def inflate(entry: bytes) -> bytes:
    body = entry[struct.calcsize(">I") :]
    if body[:1] == b"2":
        return bz2.decompress(body[1:])
    if body[:1] == b"Z":
        return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=LZMA2).decompress(body[1:])
    return zlib.decompress(body)


def decompress_index(content: bytes) -> bytes:
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else zlib.decompress(content)


def main(database: str, folder: str, *names: str) -> None:
    warnings.simplefilter("ignore")
    index = read_object(decompress_index(Path(f"{database}.rdx").read_bytes()))["variables"]
    content = Path(f"{database}.rdb").read_bytes()
    for name in names:
        offset, length = map(int, index[name])
        frame = read_object(inflate(content[offset : offset + length]))
        frame.to_csv(Path(folder) / f"{name}.csv", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
