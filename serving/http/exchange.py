"""What requests in V1 and V2 over HTTP have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.http.answer import HttpAnswer
from serving.inference.failures import Failure
from serving.v2.json_body import parsed_bytes

if TYPE_CHECKING:
    from serving.inference.call import Call


class HttpExchange:
    """The part of an ``Exchange`` that does not depend on the protocol.

    Args:
        body: the request's body.
    """

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    @property
    def size(self) -> int:
        return len(self._body)

    def expansion(self) -> int:
        return parsed_bytes(self._body)

    def name_model(self, call: Call) -> None:
        """The model is named by the URL."""

    def fail(self, failure: Failure) -> HttpAnswer:
        return HttpAnswer.failed(failure)
