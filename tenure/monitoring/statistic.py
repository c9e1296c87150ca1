"""What a statistic of drift offers, and its values for the inputs of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tenure.contract import Column
from tenure.contract.settings import Quality
from tenure.stats import ColumnComparison, Sketch


@dataclass(frozen=True)
class ComparedInput:
    """An input of the model: its reference in the bundle, and the current customers'."""

    name: str
    column: Column
    shares: ColumnComparison
    """Reference and current shares over the same bins or values."""
    current: Sketch
    """Of the current customers: counts, extremes and a sample of each input."""


@dataclass(frozen=True)
class Thresholds:
    """Values of a statistic by which the verdict is reached."""

    watch: float
    """From this value on, an input moved."""
    retrain: float | None = None
    """From this value on, it moved far, and the model should be trained anew; None if the statistic never asks."""


class Statistic(ABC):
    """A statistic of one input; the larger, the farther. Its module's ``STATISTIC``."""

    title: ClassVar[str]
    """What reasons and the drift report call it, such as ``PSI``."""
    unit: ClassVar[str]
    """Such as ``nats``; a ``share`` is shown in percent."""
    meaning: ClassVar[str]
    """One sentence for the drift report."""

    def is_for(self, column: Column) -> bool:  # noqa: ARG002
        """Whether it is computed for such a column; for all by default."""
        return True

    @abstractmethod
    def compute(self, found: ComparedInput) -> float | None:
        """Its value, at least 0; None where it is not defined."""

    def thresholds(self, quality: Quality) -> Thresholds | None:  # noqa: ARG002
        """What the verdict takes from it under the limits of a contract; nothing by default."""
        return None

    def write(self, value: float) -> str:
        """``value`` as reasons have it."""
        return f"{value:.1%}" if self.unit == "share" else f"{value:.2f}"

    def judge(self, values: Iterable[tuple[str, float]], thresholds: Thresholds) -> tuple[list[str], list[str]]:
        """Reasons of a verdict: what moved far, and what moved.

        Args:
            values: what is judged, as a reason names it, and its value; the largest first.
            thresholds: of this statistic.
        """
        far, near = [], []
        for name, value in values:
            if thresholds.retrain is not None and value >= thresholds.retrain:
                limit = f"{100 * thresholds.retrain:g}%" if self.unit == "share" else f"{thresholds.retrain:g}"
                far.append(f"{name} moved far: {self.title} {self.write(value)}, limit {limit}")
            elif value >= thresholds.watch:
                near.append(f"{name} moved: {self.title} {self.write(value)}")
        return far, near


@dataclass(frozen=True)
class Measured:
    """A statistic of the inputs that it is for."""

    statistic: Statistic
    values: dict[str, float]
    """By name of the input, the largest first."""
    thresholds: Thresholds | None

    @classmethod
    def of(cls, statistic: Statistic, inputs: Iterable[ComparedInput], quality: Quality) -> Measured:
        """Compute ``statistic`` for each input that it is for."""
        found = {each.name: statistic.compute(each) for each in inputs if statistic.is_for(each.column)}
        defined = [(name, value) for name, value in found.items() if value is not None]
        return cls(statistic, dict(sorted(defined, key=lambda entry: -entry[1])), statistic.thresholds(quality))

    def judge(self) -> tuple[list[str], list[str]]:
        """Reasons of a verdict: the inputs that moved far, and those that moved."""
        if self.thresholds is None:
            return [], []
        return self.statistic.judge([(f"'{name}'", value) for name, value in self.values.items()], self.thresholds)

    def to_dict(self) -> dict[str, Any]:
        """As ``monitoring.json`` holds it."""
        return {
            "title": self.statistic.title,
            "unit": self.statistic.unit,
            "meaning": self.statistic.meaning,
            "thresholds": None if self.thresholds is None else asdict(self.thresholds),
            "columns": self.values,
        }
