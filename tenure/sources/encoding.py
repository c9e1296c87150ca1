"""The encoding of a text file, found in all of it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from tenure.contract.settings import Source
from tenure.sources.address import Address
from tenure.sources.files import HEAD_BYTES, REMOTE_BLOCK_BYTES, FileReader, open_text, reading
from tenure.sources.watchdog import watched_once

TAIL_BYTES = 1 << 16
WESTERN = "cp1252"
UNDEFINED_IN_WESTERN = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
DAMAGED = 0.1
"""A file with fewer bytes that are not UTF-8 than this share of its UTF-8 characters is UTF-8 with damaged rows."""
BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
CUT_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}$")
UNMARKED_BYTES = 4096
"""Bytes that show whether a file without a mark is UTF-16."""


@dataclass(frozen=True)
class Scanned:
    """A text file's encoding, its beginning and its end."""

    encoding: str
    note: str | None
    """Why the encoding is not UTF-8; None if it is."""
    head: str
    tail: str
    """The file's last lines; empty if they were not read, or are in ``head``."""
    whole: bool
    """Whether ``head`` is all of the file."""


def scan(address: Address, settings: Source) -> Scanned:
    """Find the encoding of a file: a local one, or a short one in a store, is read to its end.

    Raises:
        DataError, SourceError: as ``tenure.sources.files.open_file``.
    """
    return (
        _scan(address, settings)
        if address.scheme is None
        else watched_once(lambda: _scan(address, settings), settings.timeout_s, address.shown)
    )


def _scan(address: Address, settings: Source) -> Scanned:
    raw, file = open_text(address, settings)
    try:
        with reading(address):
            head = file.peek(HEAD_BYTES)
            marked = _unicode_by_head(head)
            whole = len(head) < HEAD_BYTES
            count = _Count()
            tail = head
            if whole:
                count.add(head)
            elif address.scheme is None or (raw.size or REMOTE_BLOCK_BYTES + 1) <= REMOTE_BLOCK_BYTES:
                tail = _read_to_end(file, count if marked is None else None)
            else:
                count.add(head)
                tail = b""
    finally:
        raw.close()
    encoding, note = marked or count.encoding()
    return Scanned(encoding, note, _decode(head, encoding), "" if whole else _last_lines(tail, encoding), whole)


def _read_to_end(file: FileReader, count: _Count | None) -> bytes:
    """The last bytes of the file."""
    tail = b""
    total = 0
    while piece := file.read(HEAD_BYTES):
        total += len(piece)
        tail = (tail + piece)[-TAIL_BYTES:] if len(piece) < TAIL_BYTES else piece[-TAIL_BYTES:]
        if count is not None:
            count.add(piece)
    # Units of two or four bytes are kept whole.
    return tail[-(total - len(tail)) % 4 :]


class _Count:
    """Counts characters of UTF-8, and bytes that are not UTF-8, piece by piece."""

    def __init__(self) -> None:
        self._characters = self._other = 0
        self._undefined = False
        self._cut = b""

    def add(self, piece: bytes) -> None:
        if piece.isascii() and not self._cut:
            return
        # Bytes on both sides of a letter are no character together.
        text = b" ".join(BEYOND_ASCII.findall(self._cut + piece))
        # A letter after it would end the character, and is not in ``text``.
        cut = None if piece[-1:].isascii() else CUT_CHARACTER.search(text)
        self._cut = b"" if cut is None else cut[0]
        self._count(text[: len(text) - len(self._cut)])

    def encoding(self) -> tuple[str, str | None]:
        """The encoding of all pieces, and why it is not UTF-8."""
        self._count(self._cut)
        if self._other <= DAMAGED * self._characters:
            return "utf-8", None
        if self._undefined:
            return "latin-1", (
                "the file is neither UTF-8 nor cp1252: it is read as latin-1, which may garble letters; if it does, set"
                " source.encoding (cp437, mac-roman, shift_jis, gb18030, …)"
            )
        return WESTERN, (
            f"the file is not UTF-8: it is read as {WESTERN}, the encoding of Western European programs; if letters are"
            " garbled, set source.encoding (cp1250, cp1251, …)"
        )

    def _count(self, text: bytes) -> None:
        """
        Args:
            text: the bytes that are not ASCII, with blanks for those between them.
        """
        other = MULTIBYTE.sub(b"", text).replace(b" ", b"")
        self._characters += len(MULTIBYTE.findall(text))
        self._other += len(other)
        self._undefined |= UNDEFINED_IN_WESTERN.search(other) is not None


def _unicode_by_head(head: bytes) -> tuple[str, str | None] | None:
    """The encoding of a file that has a mark of it, or NUL bytes between ASCII characters."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, f"the file begins with the mark of {name}"
    start = head[:UNMARKED_BYTES]
    start = start[: len(start) // 2 * 2]
    if not start.count(0) or start.count(0) < len(start) // 4 or b"\0\0" in start:
        return None
    name = "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return name, f"every second byte of the file is NUL: it is read as {name}"


def _decode(text: bytes, encoding: str) -> str:
    """``text`` without a mark, and without a character that is cut off at its end."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(text).removeprefix("\ufeff")


def _last_lines(tail: bytes, encoding: str) -> str:
    """``tail`` without its first line, which may be cut off."""
    # The mark stands at the beginning of the file: little endian is usual without it.
    text = tail.decode({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding), "replace")
    return re.split(r"\r\n|\n|\r", text, maxsplit=1)[-1]
