"""What a task has to offer.

Attributes cost no import. What needs more of the library (labels, decisions, training, evaluation, the report) is
loaded by the method that gives it: a model server and ``tenure check`` load neither training nor evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tenure.tasks.outputs import Outputs
from tenure.tasks.texts import Texts

if TYPE_CHECKING:
    from tenure.bundle import Bundle, Decision
    from tenure.contract import Contract
    from tenure.evaluation.evaluator import Evaluator
    from tenure.evaluation.scoring import TestPart
    from tenure.report.page import Page
    from tenure.tasks.label import Label
    from tenure.training.trainer import Trainer


class SettingError(NamedTuple):
    """A setting that is invalid for the contract's task."""

    location: tuple[str, ...]
    """Keys from the contract's top to the setting."""
    message: str
    value: object


class Task(Protocol):
    """A kind of prediction, with all that follows from it."""

    @property
    def name(self) -> str:
        """The contract's ``task``."""

    @property
    def outputs(self) -> Outputs: ...

    @property
    def texts(self) -> Texts: ...

    # The contract.

    @property
    def objectives(self) -> tuple[str, ...]:
        """Valid values of ``training.objective``."""

    @property
    def families(self) -> tuple[str, ...]:
        """Valid values of ``training.families``."""

    @property
    def settings(self) -> Mapping[str, frozenset[str]]:
        """By section of the contract, the settings that are not valid for every task, and are for this one."""

    @property
    def defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """By section, defaults that differ from those in ``tenure.contract.settings``."""

    def check_label(self, contract: Contract) -> None:
        """Check the label: of a table its column, of an event log what is computed over the horizon.

        Raises:
            ValueError: one line that says what is missing or superfluous.
        """

    def check_settings(self, contract: Contract) -> SettingError | None:
        """The first invalid setting, if there is one."""

    # The data.

    @property
    def label(self) -> Label:
        """How labels are read, checked and divided."""

    # The bundle.

    @property
    def decision(self) -> type[Decision]:
        """What ``decision.json`` is read as: it makes predictions of a model's outputs."""

    # Training and evaluation.

    @property
    def trainer(self) -> Trainer:
        """How fitted models get their decision, and a companion."""

    def evaluator(self, contract: Contract, test: TestPart, candidate: Bundle) -> Evaluator[Any, Any]:
        """The evaluator of the test part; the candidate's limit of contacts is that of all models.

        Raises:
            BundleError: the candidate is of another task.
        """

    def page(self, evaluation: Mapping[str, Any]) -> Page:
        """The task's part of the report on ``evaluation``, the content of ``evaluation.json``."""
