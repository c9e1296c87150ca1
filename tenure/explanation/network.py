"""A small feed-forward network as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.explanation.arrays import VALUE_LINK, Link, check_finite, freeze, frozen


@dataclass(frozen=True, eq=False)
class NetworkTerms:
    """Affine layers with max(0, ·) between them and one output, the margin, in log-odds or in the label's unit.

    Raises:
        ValueError: shapes of the layers do not match, or a value is not finite.
    """

    weights: tuple[NDArray[np.float64], ...]
    """One for each layer, shape (inputs, outputs); the first includes the scaling of features."""
    biases: tuple[NDArray[np.float64], ...]
    """One for each layer, shape (outputs,)."""
    background: NDArray[np.float32]
    """Training rows: the baseline of the contributions, shape (rows, features)."""
    link: Link = "logit"

    def __post_init__(self) -> None:
        for name in ("weights", "biases"):
            layers = tuple(frozen(layer, name, np.float64) for layer in getattr(self, name))
            object.__setattr__(self, name, layers)
        freeze(self, "background", np.float32)
        matrices: tuple[NDArray, ...] = (*self.weights, self.background)
        if not self.weights or any(matrix.ndim != 2 for matrix in matrices):
            raise ValueError("network: no layer, or one is not a matrix")
        outs = [*(layer.shape[0] for layer in self.weights[1:]), 1]
        if [bias.shape for bias in self.biases] != [(out,) for out in outs] or outs != [
            layer.shape[1] for layer in self.weights
        ]:
            raise ValueError("network: shapes of the layers do not match")
        if self.background.shape[1:] != (self.width,) or not len(self.background):
            raise ValueError(f"network: the background has shape {self.background.shape}, not (rows, {self.width})")
        check_finite("network", *self.weights, *self.biases, self.background)
        if self.link == "identity":
            raise ValueError("network: the link 'identity' needs a probability")

    @property
    def width(self) -> int:
        """Number of features read."""
        return int(self.weights[0].shape[0])

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Margins, shape (n,), of rows (n, features)."""
        values = matrix.astype(np.float64)
        for index, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = (np.maximum(values, 0.0) if index else values) @ weights + bias
        return values[:, 0]

    def arrays(self) -> dict[str, NDArray]:
        """The network as named arrays; ``network_from_arrays`` reads them back."""
        layers = {f"layer{index}": layer for index, layer in enumerate(self.weights)}
        biases = {f"bias{index}": bias for index, bias in enumerate(self.biases)}
        named = layers | biases | {"background": self.background}
        return named | ({VALUE_LINK: np.array(True)} if self.link == "value" else {})


def network_from_arrays(arrays: Mapping[str, NDArray], link: Link) -> NetworkTerms:
    """Read what ``NetworkTerms.arrays`` wrote, but for the mark of a regression.

    Raises:
        ValueError: an array is missing, or the arrays are inconsistent.
    """
    depth = (len(arrays) - 1) // 2
    wanted = {f"{kind}{index}" for kind in ("layer", "bias") for index in range(depth)} | {"background"}
    if set(arrays) != wanted:
        raise ValueError("network: a layer, a bias or the background is missing")
    return NetworkTerms(
        tuple(arrays[f"layer{index}"] for index in range(depth)),
        tuple(arrays[f"bias{index}"] for index in range(depth)),
        arrays["background"],
        link,
    )
