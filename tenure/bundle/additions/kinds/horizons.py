"""``horizons.json``: the probability within shorter times than the horizon, consistent with the main probability.

The contract's ``label.times`` divide the horizon into parts. A discrete-time hazard, the probability that the event
happens in a part if it did not happen in one before (Singer & Willett 1993, "It's about time"), gives the distribution
over the parts of an event that happens within the horizon; the main model says with which probability it does. So the
probabilities ascend with the time, and are the main one at the horizon.

Without parameters the hazard is the one that is constant over the horizon and leads to the main probability. The
parameters move its log-odds; see ``tenure.training.horizons`` for how they are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tenure.bundle.additions.addition import AddedColumn, AddedValues, Addition
from tenure.bundle.additions.numbers import read_numbers
from tenure.contract import Contract
from tenure.contract.assembly import HorizonLabel
from tenure.contract.horizon_times import column_name
from tenure.transform import Encoded, Transform

MAX_DEVIATION = 5.0
"""Standard deviations from its mean at which a feature's value is limited."""

_KEYS = frozenset(("intercepts", "slopes", "means", "scales", "weights"))
_LARGEST = 1e30
"""No number of the file is larger, so that no product overflows."""
_EDGE = 1e-9
"""Main probabilities are kept this far from 0 and 1 where logarithms of them are taken."""
_MAX_LOG_ODDS = 30.0
"""Of a hazard: nearer to 0 and 1 the distribution over the parts would have no digits left."""
_CHUNK = 4_096
"""Rows that are standardized at a time."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Horizons(Addition):
    """Hazards of the K parts of a horizon, of rows with f encoded features."""

    KIND: ClassVar[str] = "horizons"
    MAX_BYTES: ClassVar[int] = 16 * 1024**2

    label: HorizonLabel
    """The contract's, with ``times``."""
    intercepts: Floats
    """Shape (K,): added to the log-odds of the constant hazard."""
    slopes: Floats
    """Shape (K,): multiply the log-odds of the event within the horizon."""
    means: Floats
    """Shape (f,), of the features."""
    scales: Floats
    """Shape (f,), positive: standard deviations of the features."""
    weights: Floats
    """Shape (K, f), of the standardized features; (0, f) where the hazards depend on the main probability alone."""

    @property
    def columns(self) -> tuple[AddedColumn, ...]:
        label = self.label
        what = "no event" if label.kind == "no_event" else "the event"
        return tuple(
            AddedColumn(
                column_name(label.kind, time),
                "number",
                f"Probability of {what} within {time}, of {label.phrase}",
            )
            for time in label.times
        )

    @cached_property
    def lengths(self) -> Floats:
        """Shape (K,): of the parts, as shares of the horizon."""
        ends = np.array([end.nominal for end in self.label.part_ends], dtype=np.float64)
        return np.diff(ends, prepend=0.0) / ends[-1]

    def values(self, encoded: Encoded, scores: Floats) -> dict[str, AddedValues]:
        silence = self.label.kind == "no_event"
        happens = 1.0 - scores if silence else scores
        reached = self.distribution(encoded.matrix, happens)
        found: dict[str, AddedValues] = {}
        for place, time in enumerate(self.label.times):
            name = column_name(self.label.kind, time)
            if time == self.label.horizon:
                found[name] = scores.astype(np.float64)
            else:
                within = happens * reached[:, place]
                # Rounding must not take silence over a part below that over all of them.
                found[name] = np.maximum(1.0 - within, scores) if silence else within
        return found

    def distribution(self, matrix: NDArray[np.float32], happens: Floats) -> Floats:
        """The probability that the event happens up to the end of each part, if it happens within the horizon.

        Args:
            matrix: encoded rows (rows, f).
            happens: probability that the event happens within the horizon, shape (rows,).

        Returns:
            Shape (rows, K), not descending along the parts, 1 in the last.
        """
        log_odds = self.constant_hazards(happens) + self.intercepts
        log_odds += risk(happens)[:, None] * self.slopes
        for start in range(0, len(matrix) if len(self.weights) else 0, _CHUNK):
            rows = standardized(matrix[start : start + _CHUNK], self.means, self.scales)
            for part, weights in enumerate(self.weights):
                # Not by a product of matrices: its last bits depend on the number of rows.
                log_odds[start : start + _CHUNK, part] += (rows * weights).sum(axis=1)
        limited = np.clip(log_odds, -_MAX_LOG_ODDS, _MAX_LOG_ODDS)
        with np.errstate(invalid="ignore"):  # a failing model's NaN goes through
            happened = -np.expm1(np.cumsum(-np.logaddexp(0.0, limited), axis=1))
        return np.asarray(happened / happened[:, -1:])

    def constant_hazards(self, happens: Floats) -> Floats:
        """Log-odds of the hazards of the parts, (rows, K), that are the same at any time of the horizon and lead to
        ``happens`` (rows,) over all of it."""
        held = np.clip(happens, _EDGE, 1.0 - _EDGE)
        # With h = 1 - (1 - p)^d the odds h / (1 - h) are (1 - p)^-d - 1.
        return np.log(np.expm1(-np.log1p(-held)[:, None] * self.lengths))

    def to_document(self) -> dict[str, Any]:
        return {
            "intercepts": self.intercepts.tolist(),
            "slopes": self.slopes.tolist(),
            "means": self.means.tolist(),
            "scales": self.scales.tolist(),
            "weights": self.weights.tolist(),
        }

    @classmethod
    def from_document(cls, document: Any, transform: Transform, contract: Contract) -> Self:
        if not isinstance(document, dict) or document.keys() != _KEYS:
            raise ValueError(f"not an object with the keys {', '.join(sorted(_KEYS))}")
        label = None if contract.assembly is None else contract.assembly.label
        if label is None or not label.part_ends:
            raise ValueError("the contract's label has no 'times'")
        parts, width = len(label.part_ends), len(transform.features)
        scales = _numbers(document["scales"], "scales", width)
        if (scales < 1.0 / _LARGEST).any():
            raise ValueError("a scale is not positive")
        weights = document["weights"]
        if not isinstance(weights, list) or len(weights) not in (0, parts):
            raise ValueError(f"'weights' is not a list of {parts} lists, or of none")
        return cls(
            label,
            _numbers(document["intercepts"], "intercepts", parts),
            _numbers(document["slopes"], "slopes", parts),
            _numbers(document["means"], "means", width),
            scales,
            np.array([_numbers(row, "weights", width) for row in weights], dtype=np.float64).reshape(-1, width),
        )


def risk(happens: Floats) -> Floats:
    """Log-odds of the probability that the event happens within the horizon; shape (rows,)."""
    held = np.clip(happens, _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(held) - np.log1p(-held))


def standardized(matrix: NDArray[np.float32], means: Floats, scales: Floats) -> Floats:
    """Features (rows, f) as deviations from their means in units of their scales, limited to ``MAX_DEVIATION``."""
    return np.clip((matrix.astype(np.float64) - means) / scales, -MAX_DEVIATION, MAX_DEVIATION)


def _numbers(value: object, name: str, length: int) -> Floats:
    return read_numbers(value, name, length, _LARGEST)


ADDITION = Horizons
