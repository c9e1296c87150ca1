"""What a task has to offer for its evaluation."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.bundle import Bundle
from tenure.evaluation import Challenge, Estimate, Verdict
from tenure.evaluation.importance import Quality
from tenure.evaluation.scoring import TestPart

Json = dict[str, Any]


class Said(Protocol):
    """What a model says about the rows of a table."""

    def take(self, rows: NDArray[np.bool_], /) -> Self:
        """The same for some of the rows."""


class Compared(Protocol):
    """How two models do on the same rows."""

    def to_json(self) -> Json: ...


S = TypeVar("S", bound=Said)
C = TypeVar("C", bound=Compared)


class Setting(Protocol[S, C]):
    """What every measurement of one evaluation shares."""

    @property
    def test(self) -> TestPart: ...

    @property
    def samples(self) -> int:
        """Of the bootstrap."""

    @property
    def seed(self) -> int: ...

    @property
    def quality(self) -> Quality:
        """By which the importance of columns is measured."""

    def score(self, bundle: Bundle, table: pa.Table) -> S:
        """What ``bundle`` says about rows.

        Raises:
            DataError: if it gives something that is none of the task's answers, or lacks a column.
        """

    def measure(self, said: S) -> dict[str, Estimate]:
        """Metrics on these rows."""

    def compare(self, candidate: S, champion: S) -> C:
        """Both on these rows."""

    def part(self, rows: NDArray[np.bool_]) -> Self:
        """The same on some of the rows."""

    def counts(self) -> Json:
        """These rows, counted."""

    def too_small(self) -> str | None:
        """Why these rows say too little, if they do."""

    def decide(
        self, metrics: dict[str, Estimate], said: S, candidate: Bundle, challenge: Challenge[C] | None
    ) -> Verdict:
        """The verdict on the candidate."""

    def record(self, said: S, candidate: Bundle) -> Json:
        """What the evaluation's record has of this task alone; ``chosen``, ``business`` and ``curves`` among it."""

    def shown(self, document: Json) -> Json:
        """Of the finished record, what a person wants to see at once."""
