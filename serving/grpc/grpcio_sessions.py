"""Streaming methods on grpcio's server, and what its calls have in common: request ids and errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc

from serving.grpc.service import DRAINING, MAX_SMALL_MESSAGE_BYTES, check_length
from serving.grpc.session import End, OpenSession, Session
from serving.inference.failures import Failure, failure_of
from serving.observation import logs

Metadata = tuple[tuple[str, str | bytes], ...]
StreamBehaviour = Callable[[AsyncIterator[bytes], grpc.aio.ServicerContext], Awaitable[None]]


class Sessions:
    """The open streaming calls of a server."""

    def __init__(self) -> None:
        self._ends: set[End] = set()

    def behaviour(self, open_session: OpenSession) -> StreamBehaviour:
        """A streaming method in the form in which grpcio calls it."""

        async def answer(messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> None:
            out: asyncio.Queue[bytes | Failure | None] = asyncio.Queue()
            session = open_session(out.put_nowait, out.put_nowait)
            reading = asyncio.create_task(_read(messages, session, out.put_nowait))
            self._ends.add(out.put_nowait)
            request_id = request_id_of(context)
            try:
                while isinstance(item := await out.get(), bytes):
                    await context.write(item)
            finally:
                self._ends.discard(out.put_nowait)
                reading.cancel()
                session.close()
            if item is not None:
                await fail(item, request_id, context)
            context.set_trailing_metadata(trailing(request_id))

        return answer

    def end(self) -> None:
        """End all calls: they could stay open for as long as the server."""
        for end in self._ends:
            end(DRAINING)


async def _read(messages: AsyncIterator[bytes], session: Session, end: End) -> None:
    try:
        async for message in messages:
            check_length(len(message), MAX_SMALL_MESSAGE_BYTES)
            session.receive(message)
        session.half_close()
    except grpc.aio.BaseError:
        pass  # the call is over
    except Exception as error:  # every error becomes a status
        end(failure_of(error))


async def fail(failure: Failure, request_id: str, context: grpc.aio.ServicerContext) -> None:
    """Abort a call, which raises."""
    headers = ((name.lower(), value) for name, value in failure.headers)
    context.set_trailing_metadata((*trailing(request_id), *headers))
    await context.abort(failure.grpc, failure.message)


def trailing(request_id: str) -> Metadata:
    """Metadata after every answer."""
    return (("x-request-id", request_id),)


def request_id_of(context: grpc.aio.ServicerContext) -> str:
    """The call's id, or a new one."""
    given = next((value for name, value in context.invocation_metadata() or () if name == "x-request-id"), None)
    return logs.take_or_make_id(given if isinstance(given, str) else None)
