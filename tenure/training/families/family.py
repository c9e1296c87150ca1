"""What a model family is. Each lives in a module of its own name in ``models``, as ``FAMILY``; ``get`` finds it.

Those that predict a number are in ``models/regression``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tenure.contract.family_names import MODULE_PATHS, MODULES
from tenure.explanation.model import Terms

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
Parameter = str | int | float
Parameters = Mapping[str, Parameter]
T = TypeVar("T")

NAMES = MODULES
"""Every family there is, by name."""

ROUNDS = "rounds"
"""Parameter of a boosting family that early stopping finds: trees in the ensemble. With rows to stop by the most of
them, and as many as the family allows without it."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to fit on, or to stop by."""

    matrix: Matrix
    """Shape (n, f), finite."""
    label: NDArray
    """Shape (n,), 0 or 1; for regression the value."""
    monotone: Signs | None = None
    """Shape (f,): 1 where predictions must not fall as the column rises, -1 where they must not rise, 0 elsewhere; None
    without such columns. Heeded by the families in ``tenure.contract.family_names.MONOTONE``."""
    keeps: bool = False
    """Whether they remember what was derived from them."""
    _derived: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def once(self, name: Hashable, derive: Callable[[], T]) -> T:
        """What ``derive`` makes of these rows: made at the first call under ``name``, where the rows keep anything.

        For what every trial asks for again, and no parameter of a trial changes: bins, synthetic rows.
        """
        if not self.keeps:
            return derive()
        if name not in self._derived:
            self._derived[name] = derive()
        made: T = self._derived[name]
        return made


class Model(Protocol):
    """A fitted model."""

    @property
    def rounds(self) -> int | None:
        """Boosting rounds in use; none for a family without them."""

    def predict(self, matrix: Matrix) -> Floats:
        """Probability of churn before calibration, or the value of a regression; shape (n,), by the library itself."""

    def terms(self) -> Terms:
        """The model as plain arrays."""


class Family(Protocol):
    """How a kind of model is searched for and fitted."""

    name: ClassVar[str]
    cost: ClassVar[float]
    """How long a trial takes, relative to the other families: units of work are dealt to workers by it."""
    stops_early: ClassVar[bool]
    """Whether ``fit`` finds the number of rounds by held-out rows."""
    default: ClassVar[Parameters]
    """Parameters of the first trial: what an experienced person would try."""

    def suggest(self, trial: BaseTrial) -> dict[str, Parameter]:
        """Draw parameters from the search space; ``default`` lies in it."""

    def fit(self, rows: Rows, parameters: Parameters, *, seed: int, threads: int, stop: Rows | None = None) -> Model:
        """Fit on ``rows``; the same arguments give the same model.

        Args:
            parameters: as from ``suggest``; for a family that stops early, with ``rounds`` unless ``stop`` is
                given; with both, they are the most.
            stop: rows by which to stop early, of none of the ``rows``.

        Raises:
            DataError: if ``rows`` lack a class, or have too few of one for the imbalance strategy.
        """


def get(name: str) -> Family:
    """The family called ``name``; loads its library no earlier than its first fit.

    Raises:
        ValueError: if there is no family of that name.
    """
    if name not in NAMES:
        raise ValueError(f"no model family is called '{name}'; there are {', '.join(NAMES)}")
    family: Family = import_module(f"tenure.training.families.{MODULE_PATHS[name]}").FAMILY
    return family
