"""One inference request on the fast route, and its answer."""

from __future__ import annotations

from serving.http.answer import HttpAnswer
from serving.http.content import ArrivingContent
from serving.http.head import Fields
from serving.inference.call import Call


class _IgnoredEvent:
    """The event that uvicorn sets when a client disconnects: no task waits for it here."""

    def set(self) -> None:
        """Do nothing."""


class FastCycle:
    """A request, with the attributes that uvicorn reads from its ``RequestResponseCycle``.

    Args:
        fields: of its head.
        is_v1: whether it is in V1.
        coding: of its content; None if it is plain.
        refused: the answer, if it is decided before the content has arrived.
    """

    __slots__ = (
        "call",
        "coding",
        "content",
        "disconnected",
        "fields",
        "is_v1",
        "keep_alive",
        "refused",
        "response_complete",
    )

    message_event = _IgnoredEvent()

    def __init__(  # noqa: PLR0917 made for every request: keyword arguments cost time
        self,
        call: Call,
        fields: Fields,
        is_v1: bool,
        keep_alive: bool,
        coding: str | None,
        refused: HttpAnswer | None,
        content: ArrivingContent,
    ) -> None:
        self.call = call
        self.fields = fields
        self.is_v1 = is_v1
        self.keep_alive = keep_alive
        self.coding = coding
        self.refused = refused
        self.content = content
        self.response_complete = False
        self.disconnected = False

    @property
    def response_started(self) -> bool:
        """The same as ``response_complete``: answers are written in one piece."""
        return self.response_complete

    @property
    def json_length(self) -> str | None:
        """Value of the header ``Inference-Header-Content-Length``."""
        value = self.fields.get(b"inference-header-content-length")
        return None if value is None else value.decode("latin-1")
