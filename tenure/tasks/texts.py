"""What the command line, the files of a run and the pipeline's page write about a task's figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]
Numbers = Mapping[str, Any]
"""The numbers of an answer about one customer, by ``Outputs.tensors``."""


@dataclass(frozen=True)
class Figure:
    """A metric with its heading."""

    heading: str
    metric: str
    write: Callable[[float], str]


@dataclass(frozen=True)
class RunTexts:
    """Texts for the screen at the end of a run."""

    figures: tuple[Figure, Figure]
    """Of every family."""
    decision: str
    """The threshold, and its consequences in figures."""
    write_score: Callable[[Numbers], str]
    legend: str
    """Meaning of the signs of reasons."""
    assumption: str | None = None
    """Which business values are defaults, and how to set them; None where the contract sets all."""


@dataclass(frozen=True)
class RunPage:
    """Figures for the page of a pipeline run in Kubeflow Pipelines."""

    metrics: tuple[str, ...]
    categories: list[str]
    """Of the confusion matrix."""
    matrix: list[list[int]]
    """(true, predicted) rows."""
    roc: tuple[list[float], list[float], list[float]] | None = None
    """False positive rates, true positive rates, thresholds."""
    assumption: str | None = None
    """As in ``RunTexts``."""


class Texts(Protocol):
    """The texts of a task."""

    @property
    def score_list(self) -> str:
        """File name of the list of customers with the highest scores."""

    @property
    def highest(self) -> str:
        """The customer with the highest score; so is ``lowest`` the one with the lowest."""

    @property
    def lowest(self) -> str: ...

    @property
    def direction(self) -> str:
        """Towards what a reason above 0 moves the score."""

    @property
    def headings(self) -> tuple[str, ...]:
        """Of a table of answers; ``>`` stands before one that is aligned to the right."""

    def cells(self, numbers: Numbers) -> list[str]:
        """A row under ``headings``."""

    @property
    def version_columns(self) -> Mapping[str, tuple[str, int]]:
        """Of a table of registered versions: heading to metric and decimal places."""

    @property
    def version_metrics(self) -> tuple[str, ...]:
        """Metrics that a registered version has in its tags."""

    @property
    def money_metrics(self) -> tuple[str, ...]:
        """Those of them that are sums of money, which rest on the contract's business values."""

    @property
    def family_metrics(self) -> tuple[str, ...]:
        """Metrics of every family that are logged with a run."""

    @property
    def draft_task(self) -> str:
        """Comment on the task in a drafted contract."""

    @property
    def draft_business(self) -> tuple[str, ...]:
        """Comment lines on the business values in a drafted contract, with their defaults."""

    def run(self, evaluation: Json) -> RunTexts:
        """For the screen at the end of a run; ``evaluation`` is the content of ``evaluation.json``."""

    def run_page(self, evaluation: Json) -> RunPage:
        """For the page of a pipeline run, likewise."""
