"""Removes a request's content coding (RFC 9110, section 8.4), a bounded step at a time.

A few kilobytes may inflate to gigabytes, and megabytes to nothing. A step makes a limited number of bytes, which are
counted before the next one, so content above a limit is refused when it reaches the limit. Large content, coded or
plain, is decoded on a thread, so that other requests are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import zlib
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from grpc import StatusCode

from serving.admission.inflation import MAX_RATIO, max_inflated
from serving.admission.refusal import LateError
from serving.admission.request_memory import HeldBytes
from serving.http import zstd
from serving.http.content import MAX_BODY_BYTES, too_large
from serving.inference.failures import RefusedError
from serving.v2.errors import RequestError, TooLargeError, quote

if TYPE_CHECKING:
    import pyarrow as pa

    from serving.inference.call import Call

ACCEPTED = "gzip, deflate, zstd"

_INLINE_BYTES = 64 * 1024
"""Up to this size, coded and plain, content is inflated on the event loop, in less than half a millisecond."""
_STEP_BYTES = 1024 * 1024
"""Read or made in one step on a thread."""
_turns = asyncio.Semaphore(4)
"""Contents that are decoded on threads at a time: a decoder takes memory that is not counted, up to 2 MiB for zstd."""
_WINDOW_BYTES = 16 * 1024
"""Compressed bytes that zlib is given at once; it copies those that it does not use."""
_MAX_MEMBERS = 1024
"""Members of a gzip file, each of which costs a new decompressor."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""Window bits of zlib for its three formats."""


class UnsupportedCodingError(RefusedError):
    """The content coding is not one that this server reads."""

    def __init__(self, coding: str) -> None:
        super().__init__(
            f"Content-Encoding {quote(coding)} is not one of {ACCEPTED}",
            415,
            StatusCode.INVALID_ARGUMENT,
            (("Accept-Encoding", ACCEPTED),),
        )


def coding_of(content_encoding: bytes | None) -> str | None:
    """The coding that a ``Content-Encoding`` names; None for plain content.

    Raises:
        UnsupportedCodingError: it names an unknown coding, or several.
    """
    if content_encoding is None:
        return None
    text = content_encoding.decode("latin-1")
    names = [name.strip().lower() for name in text.split(",")]
    codings = [name for name in names if name not in ("identity", "")]
    if not codings:
        return None
    coding = "gzip" if codings[0] == "x-gzip" else codings[0]
    if len(codings) > 1 or coding not in ("gzip", "deflate", "zstd"):
        raise UnsupportedCodingError(text)
    return coding


async def decoded(content: bytes, coding: str, held: HeldBytes, call: Call) -> bytes:
    """Content without its coding, counted in ``held`` in place of the coded one.

    Raises:
        RequestError: the content is not valid in this coding.
        TooLargeError: it is above the limit.
        OverloadedError: the server holds too many bytes of all requests.
        LateError: the call's deadline has passed.
    """
    if coding == "zstd":
        await zstd.imported()
    if len(content) <= _INLINE_BYTES:
        plain = _decoded_inline(content, coding)
        if plain is not None:
            held.add(len(plain) - len(content))
            return plain
    async with _turns:
        return await _decoded_on_threads(content, coding, held, call)


def _decoded_inline(content: bytes, coding: str) -> bytes | None:
    """The plain content; None if it is longer than ``_INLINE_BYTES``."""
    stream = _open(content, coding)
    plain = b""
    while len(plain) <= _INLINE_BYTES:
        part = stream.read(_INLINE_BYTES)
        if part is None:
            return plain
        plain += part
    return None


async def _decoded_on_threads(content: bytes, coding: str, held: HeldBytes, call: Call) -> bytes:
    loop = asyncio.get_running_loop()
    stream = _open(content, coding)
    parts: list[bytes] = []
    size = 0
    while True:
        if call.deadline is not None and perf_counter() > call.deadline:
            raise LateError()
        part = await loop.run_in_executor(None, stream.read, _STEP_BYTES)
        if part is None:
            break
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise too_large()
        if size > max_inflated(len(content)):
            raise TooLargeError(f"the body inflates to more than {MAX_RATIO} times its size")
        held.add(len(part))
        parts.append(part)
    held.add(-len(content))
    return b"".join(parts)


class _Stream(Protocol):
    """Coded content that is read in parts."""

    def read(self, size: int) -> bytes | None:
        """At most about ``size`` more bytes of the plain content, perhaps none yet; None at its end.

        Raises:
            RequestError: the content is invalid.
        """


def _open(content: bytes, coding: str) -> _Stream:
    if coding == "zstd":
        return _Zstd(content)
    if coding == "gzip":
        return _Deflated(content, coding, _GZIP, _MAX_MEMBERS)
    # RFC 9110 means zlib's format by deflate; some clients send it without zlib's header.
    zlib_header = len(content) >= 2 and content[0] & 0x0F == 8 and int.from_bytes(content[:2], "big") % 31 == 0
    return _Deflated(content, coding, _ZLIB if zlib_header else _RAW, 1)


class _Deflated:
    """Content in one of zlib's formats; gzip's may have several members."""

    def __init__(self, content: bytes, coding: str, bits: int, members: int) -> None:
        self._content = memoryview(content)
        self._coding = coding
        self._bits = bits
        self._members_left = members - 1
        self._inflater = zlib.decompressobj(bits)
        self._window = b""
        self._next = 0

    def read(self, size: int) -> bytes | None:
        stop = self._next + size
        while self._next <= stop:
            if not self._window:
                self._window = bytes(self._content[self._next : self._next + _WINDOW_BYTES])
                self._next += len(self._window)
            if self._inflater.eof:
                if not self._window:
                    return None
                if not self._members_left:
                    raise self._invalid("bytes follow its end")
                self._members_left -= 1
                self._inflater = zlib.decompressobj(self._bits)
            given = self._window
            try:
                part = self._inflater.decompress(given, size)
            except zlib.error:
                raise self._invalid("its data is damaged") from None
            self._window = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
            if part:
                return part
            if not given and not self._inflater.eof:
                raise self._invalid("it is truncated")
        return b""

    def _invalid(self, reason: str) -> RequestError:
        return RequestError(f"the body is not valid {self._coding}: {reason}")


class _Zstd:
    """Content in Zstandard frames."""

    def __init__(self, content: bytes) -> None:
        import pyarrow as pa

        self._stream: pa.NativeFile = pa.CompressedInputStream(pa.BufferReader(content), "zstd")

    def read(self, size: int) -> bytes | None:
        try:
            part: bytes = self._stream.read(size)
        except OSError as error:
            truncated = "Truncated" in str(error)
            reason = "it is truncated" if truncated else "its data is damaged, or bytes follow its end"
            raise RequestError(f"the body is not valid zstd: {reason}") from None
        return part or None
