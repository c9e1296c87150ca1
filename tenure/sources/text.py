"""The content of text files as UTF-8, whatever their encoding."""

from __future__ import annotations

import codecs

from tenure.errors import ContractError, DataError
from tenure.sources.address import Address
from tenure.sources.files import FileReader

BYTE_ORDER_MARK = codecs.BOM_UTF8


class Utf8Reader:
    """Reads a file in any encoding as UTF-8, without its byte order mark.

    A file that is UTF-8 already is not checked: a byte that is not UTF-8 rejects its row, not the file.

    Raises:
        ContractError: there is no such encoding.
    """

    def __init__(self, file: FileReader, address: Address, encoding: str) -> None:
        self._file = file
        self._address = address
        self._encoding = encoding
        self._decoder = None if is_utf8(encoding) else codecs.getincrementaldecoder(encoding)()
        self._lines = 1
        self._begun = False
        self._left = b""

    def read(self, size: int) -> bytes:
        """``size`` bytes of the content; fewer only at its end, where ``b""`` follows.

        Raises:
            DataError: the file is not in the encoding; names the line.
        """
        while len(self._left) < size:
            stored = self._file.read(size - len(self._left))
            piece = self._decode(stored)
            if not self._begun and piece:
                piece, self._begun = piece.removeprefix(BYTE_ORDER_MARK), True
            self._left += piece
            if not stored:
                break
        if len(self._left) <= size:
            found, self._left = self._left, b""
        else:
            found, self._left = self._left[:size], self._left[size:]
        return found

    def _decode(self, stored: bytes) -> bytes:
        if self._decoder is None:
            return stored
        try:
            piece = self._decoder.decode(stored, final=not stored).encode()
        except UnicodeDecodeError as error:
            line = self._lines + count_lines(error.object[: error.start])
            raise DataError(
                f"{self._address.shown} is not {self._encoding}: byte 0x{error.object[error.start]:02x} in line"
                f" {line:,}; set 'source.encoding'"
            ) from None
        except UnicodeError as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{self._address.shown} is not {self._encoding}: {reason}; set 'source.encoding'") from None
        self._lines += count_lines(piece)
        return piece


def is_utf8(encoding: str) -> bool:
    """
    Raises:
        ContractError: there is no such encoding.
    """
    try:
        found = codecs.lookup(encoding)
    except LookupError:
        found = None
    # zip and rot13 are codecs from bytes to bytes, and from text to text.
    if found is None or not found._is_text_encoding:
        raise ContractError(f"'source.encoding': there is no encoding '{encoding}'")
    return found.name in ("utf-8", "utf-8-sig")


def count_lines(text: bytes) -> int:
    """Line ends in ``text``: LF, CR LF or CR."""
    if b"\r" not in text:
        return text.count(b"\n")
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
