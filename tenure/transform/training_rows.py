"""The rows that a transform was fitted to, encoded so that no row has seen its own label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract.values import Text
from tenure.transform.target_statistics import Target, cross_fit
from tenure.transform.transform import Columns, Encoded, Transform


def encode_training_rows(
    transform: Transform, columns: Columns, label: NDArray[Any], key: NDArray[Any], seed: int
) -> Encoded:
    """As ``Transform.encode``, but target statistics of a row are computed from the rows of other customers.

    By ``Transform.encode`` a model would find each row's own label in its matrix, the more so the rarer the row's
    values are. Rows that the transform was not fitted to (validation, test, predictions) are encoded by it.

    Args:
        transform: fitted to these very rows.
        columns: raw columns of the rows.
        label: shape (rows,), as the transform was fitted with.
        key: of each row's customer, shape (rows,).
        seed: of the division of customers into folds.

    Raises:
        DataError: as ``Transform.encode``.
    """
    encoded = transform.encode(columns)
    places = {feature.source: index for index, feature in enumerate(transform.features) if feature.kind == "target"}
    for encoding in transform.state.encodings:
        if isinstance(encoding, Target):
            text = encoded.values[encoding.name]
            assert isinstance(text, Text)  # noqa: S101 only texts have this encoding
            numbers = cross_fit(encoding, text, label.astype(np.float64), key, seed)
            encoded.matrix[:, places[encoding.name]] = numbers
    return encoded
