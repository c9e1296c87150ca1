"""How a protocol reads an inference request and writes its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from serving.inference.call import Call
    from serving.inference.failures import Failure
    from serving.inference.model import ChurnModel
    from serving.v2.query import Query
    from tenure.bundle import Prediction

Answer_co = TypeVar("Answer_co", covariant=True)


class Exchange(Protocol[Answer_co]):
    """A request's body and the form of its answer, in one protocol.

    For a large request ``expansion``, ``name_model``, ``read`` and ``write`` run on a thread, one after the other.
    """

    @property
    def size(self) -> int:
        """Bytes of the body."""

    def expansion(self) -> int:
        """About how many bytes more the request takes when it is parsed; called before the other methods on a thread.

        Raises:
            RequestError: the body cannot be parsed.
        """

    def name_model(self, call: Call) -> None:
        """Set the call's model and version, if the body names them.

        Raises:
            RequestError: the body cannot be parsed.
        """

    def read(self, model: ChurnModel) -> Query:
        """The query to ``model``.

        Raises:
            RequestError: the request is invalid; the message is one line for the client.
        """

    def write(
        self, model: ChurnModel, query: Query, prediction: Prediction, answer_id: str, fallback: str
    ) -> Answer_co:
        """The answer.

        Args:
            answer_id: the request's id, or else the call's.
            fallback: which fallback answers, see ``serving.inference.hooks``; empty if the model does.

        Raises:
            RequestError: the request names an unknown output.
        """

    def fail(self, failure: Failure) -> Answer_co:
        """The error answer."""
