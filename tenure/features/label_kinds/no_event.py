"""``no_event``: 1 for a customer without a row in the horizon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import Outcome, Span
from tenure.features.label_rows import LabelRows


def _labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:  # noqa: ARG001
    """1 for a customer without a row in the horizon."""

    def at(span: Span) -> Outcome:
        return Outcome((~rows.customers_of(rows.between(span.start, span.end))).astype(np.int8))

    return at


KIND = Kind(_labels, settled=0)
