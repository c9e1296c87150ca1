"""Calibration as it is served: a monotone map from a model's raw output to a probability."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Method = Literal["none", "sigmoid", "beta", "isotonic"]
Scale = Literal["margin", "probability"]

LOG_ODDS_CLIP = 1e-6
"""A forest can answer exactly 0 or 1; its log-odds are taken of what lies between this and one less this."""


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), without overflow; any shape."""
    # tanh saturates where exp would overflow: sigmoid(z) = (1 + tanh(z / 2)) / 2.
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * z))
    return result


def log_odds(probability: Floats) -> Floats:
    """log(p / (1 - p)) of clipped probabilities; any shape."""
    p = np.clip(probability, LOG_ODDS_CLIP, 1.0 - LOG_ODDS_CLIP)
    result: Floats = np.log(p) - np.log1p(-p)
    return result


def log_share(probability: Floats) -> tuple[Floats, Floats]:
    """log(p) and log(1 - p) of clipped probabilities; any shape."""
    p = np.clip(probability, LOG_ODDS_CLIP, 1.0 - LOG_ODDS_CLIP)
    return np.log(p), np.log1p(-p)


@dataclass(frozen=True)
class Calibration:
    """A fitted calibration; ``none`` passes the raw probability on.

    Raises:
        ValueError: if the parameters do not make a non-decreasing map into [0, 1].
    """

    method: Method = "none"
    scale: Scale = "margin"
    """What ``sigmoid`` reads: the margin (log-odds already), or the log-odds of the raw probability."""
    slope: float = 1.0
    intercept: float = 0.0
    """``sigmoid``: p = 1 / (1 + exp(-(slope * z + intercept)))."""
    rise: float = 1.0
    fall: float = 1.0
    """``beta``: p = 1 / (1 + exp(-(rise * ln q - fall * ln(1 - q) + intercept))) of the raw probability q (Kull, Silva
    Filho and Flach 2017, "Beta calibration"). A sigmoid of the log-odds whose slope may differ at the two ends."""
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    """``isotonic``: raw and calibrated probability of the knots, linear between them, constant outside."""
    _knots: tuple[Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise ValueError(f"calibration method '{self.method}' is not one of {', '.join(get_args(Method))}")
        if self.scale not in ("margin", "probability"):
            raise ValueError(f"calibration scale '{self.scale}' is neither margin nor probability")
        if not (np.isfinite(self.slope) and np.isfinite(self.intercept) and self.slope >= 0.0):
            raise ValueError(f"calibration slope {self.slope} and intercept {self.intercept} do not make a rising map")
        if not (0.0 <= self.rise < np.inf and 0.0 <= self.fall < np.inf):
            raise ValueError(f"calibration exponents {self.rise} and {self.fall} do not make a rising map")
        x, y = np.asarray(self.x, dtype=np.float64), np.asarray(self.y, dtype=np.float64)
        if self.method == "isotonic":
            rising = len(x) == len(y) > 0 and bool((np.diff(x) > 0).all() and (np.diff(y) >= 0).all())
            if not rising or not (np.isfinite(x).all() and (y >= 0.0).all() and (y <= 1.0).all()):
                raise ValueError("calibration knots do not make a rising map into [0, 1]")
        object.__setattr__(self, "_knots", (x, y))

    def apply(self, margin: Floats, probability: Floats) -> Floats:
        """Calibrated probabilities, shape (n,), from a model's margins and raw probabilities, shape (n,) each."""
        if self.method == "none":
            return probability
        if self.method == "isotonic":
            knots: Floats = np.interp(probability, *self._knots)
            return knots
        if self.method == "beta":
            rising, falling = log_share(probability)
            return sigmoid(self.rise * rising - self.fall * falling + self.intercept)
        z = margin if self.scale == "margin" else log_odds(probability)
        return sigmoid(self.slope * z + self.intercept)

    def to_dict(self) -> dict[str, Any]:
        """JSON values: the method and the parameters it uses."""
        if self.method == "sigmoid":
            parameters: dict[str, Any] = {"scale": self.scale, "slope": self.slope, "intercept": self.intercept}
        elif self.method == "beta":
            parameters = {"rise": self.rise, "fall": self.fall, "intercept": self.intercept}
        elif self.method == "isotonic":
            parameters = {"x": list(self.x), "y": list(self.y)}
        else:
            parameters = {}
        return {"method": self.method, "parameters": parameters}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Calibration:
        """Read what ``to_dict`` wrote.

        Raises:
            ValueError, TypeError, KeyError: if it is something else.
        """
        method, parameters = document["method"], dict(document["parameters"])
        if method == "isotonic":
            parameters = {name: tuple(float(value) for value in parameters[name]) for name in ("x", "y")}
        return cls(method=method, **parameters)
