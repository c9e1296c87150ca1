"""Inference requests that are answered where they are parsed: without ASGI, FastAPI or a task for each.

The route depends on private parts of uvicorn (``HttpToolsProtocol``: ``parser``, ``cycle``, ``pipeline``, ``flow``,
``server_state``), whose version is pinned; ``--no-fast-route`` turns it off. It answers ``POST
/v2/models/{name}[/versions/{version}]/infer`` and ``POST /v1/models/{name}:predict``, with a Content-Length or chunked,
in any content coding. Other requests go to the application, and so does one that arrives before an earlier one is
answered.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.admission.refusal import OverloadedError
from serving.http import encoding
from serving.http.answer import JSON_HEADERS, HttpAnswer
from serving.http.closing import ClosingError
from serving.http.connection import KEEP_ALIVE_S, HttpConnection
from serving.http.content import MAX_BODY_BYTES, ArrivingContent, too_large
from serving.http.decoding import UnsupportedCodingError, coding_of, decoded
from serving.http.fast_cycle import FastCycle
from serving.http.targets import target_of
from serving.inference.answering import Answering
from serving.inference.call import Call
from serving.observation import logs
from serving.v1 import V1Exchange
from serving.v2.errors import TooLargeError
from serving.v2.exchange import V2Exchange


class FastConnection(HttpConnection):
    """A connection that answers inference requests without the application."""

    def __init__(self, *args: Any, answering: Answering, **kwargs: Any) -> None:
        super().__init__(*args, memory=answering.request_memory, **kwargs)
        self._answering = answering
        self._defaults: list[tuple[bytes, bytes]] | None = None
        self._usual_head = b""
        """Status line and headers of an answer in JSON with these default headers."""
        self._fast: FastCycle | None = None
        """The request that is being read, if this route answers it."""

    def on_request(self, version: str) -> None:
        self._fast = cycle = self._fast_cycle(version)
        if cycle is None:
            super().on_request(version)
            return
        self.cycle = cycle  # type: ignore[assignment]
        if self.expect_100_continue and not cycle.refused:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        cycle = self._fast
        if cycle is None:
            super().on_body(body)
            return
        self.count_content(len(body))
        if cycle.refused is not None:
            cycle.content.size += len(body)
            if cycle.content.size > MAX_BODY_BYTES:
                raise ClosingError.of(cycle.refused, cycle.call.request_id)
            return
        try:
            cycle.content.add(body)
        except TooLargeError as error:
            raise self._closed(cycle.call, error) from None
        except OverloadedError as error:
            cycle.content.take()
            cycle.content.held.release()
            cycle.refused = HttpAnswer.failed(self._answering.failed(cycle.call, error))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._fast is not None:
            self._fast.content.held.release()
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        cycle, self._fast = self._fast, None
        if cycle is None:
            super().on_message_complete()
            return
        self.on_content_complete()
        if cycle.refused is not None:
            self._send(cycle, cycle.refused)
        elif cycle.coding is None:
            self._answer(cycle, cycle.content.take())
        else:
            self._run(self._answer_decoded(cycle, cycle.coding))

    def give_up(self) -> None:
        if self._fast is None:
            super().give_up()
            return
        self._fast.content.held.release()
        self._fast.response_complete = True
        self._fast = None

    def _fast_cycle(self, version: str) -> FastCycle | None:
        """The request whose head is complete; None if the application answers it.

        Raises:
            ClosingError: it is refused before its content arrives.
        """
        before = self.cycle
        if (
            version != "1.1"
            or (before is not None and not before.response_complete)
            or self.flow.write_paused
            or self.parser.get_method() != b"POST"
        ):
            return None
        target = target_of(self.url)
        fields = self.fields
        if target is None:
            return None
        path, model, model_version, is_v1 = target
        call = Call(
            "POST",
            path,
            model,
            model_version,
            self.headers,
            logs.take_or_make_id(fields[b"x-request-id"].decode("latin-1") if b"x-request-id" in fields else None),
            self.client[0] if self.client else "",
        )
        failure = self._answering.admit(call)
        coding = None
        is_too_large = self.content_left > MAX_BODY_BYTES
        if failure is None:
            try:
                if is_too_large:
                    raise too_large()
                if b"content-encoding" in fields:
                    coding = coding_of(fields[b"content-encoding"])
            except (TooLargeError, UnsupportedCodingError) as error:
                failure = self._answering.failed(call, error)
        refused = None if failure is None else HttpAnswer.failed(failure)
        if refused is not None and (is_too_large or self.expect_100_continue):
            # A client that waits may send the content all the same, or not.
            raise ClosingError.of(refused, call.request_id)
        keep_alive = self.parser.should_keep_alive() and not self.limits.draining
        content = ArrivingContent(self._answering.request_memory.open())
        call.held = content.held
        return FastCycle(call, fields, is_v1, keep_alive, coding, refused, content)

    def _closed(self, call: Call, error: Exception) -> ClosingError:
        return ClosingError.of(HttpAnswer.failed(self._answering.failed(call, error)), call.request_id)

    def _answer(self, cycle: FastCycle, content: bytes) -> None:
        exchange = V1Exchange(content) if cycle.is_v1 else V2Exchange(content, cycle.json_length)
        self._answering.answer(cycle.call, exchange, partial(self._send, cycle))

    async def _answer_decoded(self, cycle: FastCycle, coding: str) -> None:
        try:
            content = await decoded(cycle.content.take(), coding, cycle.content.held, cycle.call)
        except Exception as error:  # every error becomes an answer
            self._send(cycle, HttpAnswer.failed(self._answering.failed(cycle.call, error)))
        else:
            self._answer(cycle, content)

    async def _send_encoded(self, cycle: FastCycle, answer: HttpAnswer, coding: str) -> None:
        self._write(cycle, await encoding.encoded(answer, coding))

    def _send(self, cycle: FastCycle, answer: HttpAnswer) -> None:
        cycle.content.held.release()
        if len(answer.content) >= encoding.MIN_BYTES:
            answer = answer._replace(headers=[*answer.headers, encoding.VARIES])
            coding = encoding.chosen(cycle.fields.get(b"accept-encoding"))
            if coding is not None:
                self._run(self._send_encoded(cycle, answer, coding))
                return
        self._write(cycle, answer)

    def _write(self, cycle: FastCycle, answer: HttpAnswer) -> None:
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
        if cycle.keep_alive and self.is_idle:
            self.server_state.total_requests += 1
            self._wait_for_request(KEEP_ALIVE_S)
        else:
            self.on_response_complete()

    def _run(self, work: Any) -> None:
        task = self.loop.create_task(work)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)


def _head(status: int, defaults: list[tuple[bytes, bytes]], headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b: %b\r\n" % field for field in (*defaults, *headers)]
    return b"".join((STATUS_LINE[status], *lines))
