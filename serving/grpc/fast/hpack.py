"""Decodes header blocks (HPACK, RFC 7541) of any size within limits.

The decoder of the library ``hpack`` stops at its limit, and then its table no longer agrees with the client's, so that
the connection is lost. This one reads a block to its end, and above the limits of a request's head it keeps no fields
and decodes only what changes the table. Where even that is out of proportion, the connection ends.
"""

from __future__ import annotations

from hpack import HPACKError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from serving.grpc.fast.frames import Code, Http2Error
from serving.listening.limits import HEADER_FIELD_BYTES, MAX_HEAD_BYTES, MAX_HEADER_FIELDS

Fields = list[tuple[bytes, bytes]]

MAX_FIELDS = MAX_HEADER_FIELDS + 4
"""With the four pseudo-headers of a request, which correspond to the request line of HTTP/1.1."""
MAX_BLOCK_BYTES = 4 * MAX_HEAD_BYTES
"""Largest size of an encoded block."""
_OUT_OF_PROPORTION = 16
"""Multiple of the limits of a head at which decoding ends with the connection."""

_INDEXED, _INDEXING, _TABLE_SIZE = 0x80, 0x40, 0x20
_HUFFMAN = 0x80
_TABLE_BYTES = 4096
"""SETTINGS_HEADER_TABLE_SIZE, which this server leaves at its initial value."""
_MAX_TABLE_SIZE_UPDATES = 2
"""At the start of a block (RFC 7541, section 4.2)."""


class BlockDecoder:
    """Decodes the blocks of one connection in the order of their arrival."""

    __slots__ = ("_table",)

    def __init__(self) -> None:
        self._table = HeaderTable()

    def decode(self, block: bytes) -> Fields | None:
        """The fields of a block; None if they exceed ``MAX_HEAD_BYTES`` or ``MAX_FIELDS``.

        Raises:
            Http2Error: the block is not HPACK, or far too large.
        """
        try:
            return self._decode(block)
        except (HPACKError, IndexError):
            raise Http2Error(Code.COMPRESSION_ERROR, "the headers cannot be decoded") from None

    def _decode(self, block: bytes) -> Fields | None:
        table = self._table
        fields: Fields = []
        kept = True
        at = count = size = updates = 0
        end = len(block)
        while at < end:
            first = block[at]
            if first >= _INDEXED:
                index, at = _integer(block, at, 0x7F)
                field = table.get_by_index(index)
                size += len(field[0]) + len(field[1])
            elif first & 0xE0 == _TABLE_SIZE:
                limit, at = _integer(block, at, 0x1F)
                updates += 1
                if count or updates > _MAX_TABLE_SIZE_UPDATES or limit > _TABLE_BYTES:
                    raise HPACKError("invalid update of the table's size")
                table.maxsize = limit
                continue
            else:
                indexing = first & _INDEXING
                mask = 0x3F if indexing else 0x0F
                decoded = kept or bool(indexing)
                if first & mask:
                    index, at = _integer(block, at, mask)
                    name = table.get_by_index(index)[0]
                else:
                    name, at = _string(block, at + 1, decoded)
                value, at = _string(block, at, decoded)
                field = name, value
                size += len(name) + len(value)
                if indexing:
                    table.add(name, value)
            count += 1
            size += HEADER_FIELD_BYTES
            if size <= MAX_HEAD_BYTES and count <= MAX_FIELDS:
                fields.append(field)
                continue
            kept = False
            fields.clear()
            if size > _OUT_OF_PROPORTION * MAX_HEAD_BYTES or count > _OUT_OF_PROPORTION * MAX_HEADER_FIELDS:
                raise Http2Error(Code.ENHANCE_YOUR_CALM, "the headers are too long")
        return fields if kept else None


def _integer(block: bytes, at: int, mask: int) -> tuple[int, int]:
    """An integer with the prefix ``mask`` (RFC 7541, section 5.1), and the place after it."""
    value = block[at] & mask
    at += 1
    if value < mask:
        return value, at
    for shift in (0, 7, 14, 21):
        octet = block[at]
        at += 1
        value += (octet & 0x7F) << shift
        if octet < 0x80:
            return value, at
    raise HPACKError("an integer is too long")


def _string(block: bytes, at: int, decoded: bool) -> tuple[bytes, int]:
    """A name or value (RFC 7541, section 5.2), and the place after it; as it is encoded if not ``decoded``."""
    huffman = block[at] & _HUFFMAN
    length, at = _integer(block, at, 0x7F)
    end = at + length
    if end > len(block):
        raise HPACKError("a text is truncated")
    text = block[at:end]
    return (decode_huffman(text) if huffman and decoded else text), end
