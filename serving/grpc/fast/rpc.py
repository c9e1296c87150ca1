"""A call on a stream, between the arrival of its headers and the end of its answer."""

from __future__ import annotations

from dataclasses import dataclass

from serving.admission.request_memory import HeldBytes
from serving.grpc.fast.calls import IncomingCall
from serving.grpc.session import Session


@dataclass(slots=True, eq=False)
class Rpc:
    """A call, the part of its message that has arrived, and the part of its answer that is not sent."""

    call: IncomingCall
    due_at: float
    """By the loop's clock: when the client must have sent its message, or read its answer."""
    held: HeldBytes
    head_bytes: int
    body: bytes | bytearray = b""
    unsent: memoryview | None = None
    """The rest of the answer, which the client's windows do not admit yet."""
    trailers: bytes | None = None
    """To be sent when the whole answer is; None if more messages may follow."""
    session: Session | None = None
    """The session of a streaming call."""
    started: bool = False
    """Headers of a streaming call's answer were sent."""
