"""Inference requests that are answered where they are parsed: without ASGI, FastAPI or a task for each.

The route depends on private parts of uvicorn (``HttpToolsProtocol``: ``parser``, ``cycle``, ``pipeline``, ``flow``,
``server_state``), whose version is pinned; ``--no-fast-route`` turns it off. It answers ``POST
/v2/models/{name}[/versions/{version}]/infer`` over HTTP/1.1 with a Content-Length. Everything else goes to the
application: chunked bodies, ``Expect: 100-continue``, bodies above the limit, pipelined requests.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.admission.body_memory import BodyBytes
from serving.admission.refusal import OverloadedError
from serving.http.answer import JSON_HEADERS, HttpAnswer
from serving.http.application import MAX_BODY_BYTES
from serving.http.connection import KEEP_ALIVE_S, HttpConnection
from serving.inference.answering import Answering
from serving.inference.call import Call
from serving.observation import logs
from serving.v2.exchange import V2Exchange

_INFER = re.compile(rb"/v2/models/([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:/versions/([A-Za-z0-9._-]{1,100}))?/infer")
_MAX_LENGTH_DIGITS = 9


Target = tuple[str, str, str | None]
"""Path, model and version."""

_MAX_KNOWN_TARGETS = 256
_known_targets: dict[bytes, Target] = {}


def _target(url: bytes) -> Target | None:
    """The target of an inference request's URL, cached; None for another URL."""
    known = _known_targets.get(url)
    if known is not None:
        return known
    found = _INFER.fullmatch(url)
    if found is None:
        return None
    model, version = found.groups()
    target = url.decode(), model.decode(), None if version is None else version.decode()
    if len(_known_targets) < _MAX_KNOWN_TARGETS:
        _known_targets[url] = target
    return target


class _IgnoredEvent:
    """The event that uvicorn sets when a client disconnects: no task waits for it here."""

    def set(self) -> None:
        """Do nothing."""


class _FastCycle:
    """One request and its answer, with the attributes that uvicorn reads from its ``RequestResponseCycle``."""

    __slots__ = ("body", "call", "disconnected", "held", "json_length", "keep_alive", "refused", "response_complete")

    message_event = _IgnoredEvent()

    def __init__(
        self, call: Call, json_length: str | None, keep_alive: bool, refused: HttpAnswer | None, held: BodyBytes
    ) -> None:
        self.call = call
        self.json_length = json_length
        self.keep_alive = keep_alive
        self.refused = refused
        """The answer, if it is decided before the body has arrived."""
        self.body: list[bytes] = []
        self.held = held
        self.response_complete = False
        self.disconnected = False

    @property
    def response_started(self) -> bool:
        """The same as ``response_complete``: answers are written in one piece."""
        return self.response_complete


class FastConnection(HttpConnection):
    """A connection that answers inference requests without the application."""

    def __init__(self, *args: Any, answering: Answering, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answering = answering
        self._body_memory = answering.body_memory
        self._defaults: list[tuple[bytes, bytes]] | None = None
        self._usual_head = b""
        """Status line and headers of an answer in JSON with these default headers."""
        self._cycle: _FastCycle | None = None
        """The request that is being read, if this route answers it."""

    def on_headers_complete(self) -> None:
        self._cycle = cycle = self._fast_cycle()
        if cycle is None:
            super().on_headers_complete()
            return
        self._due_at = self.loop.time() + self._limits.read_timeout_s
        self.cycle = cycle  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        if self._cycle is None:
            super().on_body(body)
        elif self._cycle.refused is None:
            self._hold(self._cycle, body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._cycle is not None:
            self._cycle.held.release()
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        cycle, self._cycle = self._cycle, None
        if cycle is None:
            super().on_message_complete()
            return
        self._due_at = float("inf")
        if cycle.refused is not None:
            self._send(cycle, cycle.refused)
            return
        body = cycle.body[0] if len(cycle.body) == 1 else b"".join(cycle.body)
        cycle.body.clear()
        exchange = V2Exchange(body, cycle.json_length)
        self._answering.answer(cycle.call, exchange, partial(self._send, cycle))

    def _fast_cycle(self) -> _FastCycle | None:
        """The request whose headers are complete; None if the application answers it."""
        before = self.cycle
        if (
            self.parser.get_method() != b"POST"
            or (before is not None and not before.response_complete)
            or self.flow.write_paused
            or self.parser.get_http_version() != "1.1"
            or self.parser.should_upgrade()
        ):
            return None
        target = _target(self.url)
        if target is None:
            return None
        request_id = json_length = length = b""
        for name, value in self.headers:
            if name == b"content-length":
                length = value
            elif name == b"x-request-id":
                request_id = request_id or value
            elif name == b"inference-header-content-length":
                json_length = json_length or value
            elif name in (b"expect", b"transfer-encoding"):
                return None
        if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
            return None
        path, model, version = target
        call = Call(
            "POST",
            path,
            model,
            version,
            self.headers,
            logs.take_or_make_id(request_id.decode("latin-1")),
            self.client[0] if self.client else "",
        )
        failure = self._answering.admit(call)
        refused = None if failure is None else HttpAnswer.failed(failure)
        keep_alive = self.parser.should_keep_alive() and not self._limits.draining
        return _FastCycle(
            call, json_length.decode("latin-1") if json_length else None, keep_alive, refused, self._body_memory.open()
        )

    def _hold(self, cycle: _FastCycle, part: bytes) -> None:
        try:
            cycle.held.add(len(part))
        except OverloadedError as error:
            cycle.body.clear()
            cycle.held.release()
            cycle.refused = HttpAnswer.failed(self._answering.failed(cycle.call, error))
            return
        cycle.body.append(part)

    def _send(self, cycle: _FastCycle, answer: HttpAnswer) -> None:
        cycle.held.release()
        cycle.response_complete = True
        if cycle.disconnected or self.transport.is_closing():
            return
        defaults = self.server_state.default_headers
        if answer.status != 200 or answer.headers is not JSON_HEADERS:
            head = _head(answer.status, defaults, answer.headers)
        elif defaults is self._defaults:
            head = self._usual_head
        else:  # uvicorn renews them every second, for the Date header
            head = self._usual_head = _head(200, defaults, JSON_HEADERS)
            self._defaults = defaults
        parts = (
            head,
            b"content-length: %d\r\nx-request-id: " % len(answer.content),
            cycle.call.request_id.encode(),
            b"\r\n\r\n" if cycle.keep_alive else b"\r\nconnection: close\r\n\r\n",
            answer.content,
        )
        self.transport.write(b"".join(parts))
        if not cycle.keep_alive:
            self.transport.close()
        if self.pipeline or not cycle.keep_alive:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self._wait_for_request(KEEP_ALIVE_S)


def _head(status: int, defaults: list[tuple[bytes, bytes]], headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b: %b\r\n" % field for field in (*defaults, *headers)]
    return b"".join((STATUS_LINE[status], *lines))
