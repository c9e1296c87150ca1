"""The interface of an addition."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tenure.contract import Contract
    from tenure.transform import Encoded, Transform

AddedValues = list[str] | NDArray[np.float64]
"""The values of one added column for n rows: n texts, or numbers of shape (n,)."""


@dataclass(frozen=True)
class AddedColumn:
    """An output that an addition gives of every row."""

    name: str
    """In files and answers; differs from those of the task's outputs."""
    type: Literal["text", "number"]
    description: str
    """One sentence for documentation pages and schemas."""

    @property
    def datatype(self) -> str:
        """Of the output's tensor in V2."""
        return "BYTES" if self.type == "text" else "FP64"


class Addition(ABC):
    """Outputs beside the prediction. Immutable, so safe to use from several threads; needs only numpy."""

    KIND: ClassVar[str]
    """Name of the module in ``kinds``; the file in the bundle is ``KIND.json``."""
    MAX_BYTES: ClassVar[int]
    """A longer file is refused before it is parsed."""

    @property
    @abstractmethod
    def columns(self) -> tuple[AddedColumn, ...]:
        """The outputs, in order."""

    @abstractmethod
    def values(self, encoded: Encoded, scores: NDArray[np.float64]) -> dict[str, AddedValues]:
        """The values of all ``columns``, by name.

        Args:
            encoded: n rows.
            scores: of the same rows, shape (n,): the probability, or the value, that the bundle predicts.
        """

    @abstractmethod
    def to_document(self) -> dict[str, Any]:
        """The content of the file, of JSON's types; ``from_document`` reads it back to an equal addition."""

    @classmethod
    @abstractmethod
    def from_document(cls, document: Any, transform: Transform, contract: Contract) -> Self:
        """Read what ``to_document`` wrote; somebody may have made the document to mislead.

        Args:
            document: parsed by ``tenure.strict_json``: no repeated keys, no NaN.
            transform: of the bundle, which encodes the rows.
            contract: of the bundle.

        Raises:
            ValueError, TypeError, KeyError: the document is not such an addition, or does not fit the transform.
        """


def missing_values(column: AddedColumn, rows: int) -> AddedValues:
    """The values where there are none: a fallback answers, which has no additions. Empty texts, or NaN."""
    return [""] * rows if column.type == "text" else np.full(rows, np.nan)
