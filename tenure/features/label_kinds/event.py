"""``event``: 1 for a customer with a row in the horizon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenure.contract.assembly import HorizonLabel
from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import EARLIER, IN_THE_GAP, Outcome, Span
from tenure.features.label_rows import LabelRows


def _labels(label: HorizonLabel, rows: LabelRows) -> Callable[[Span], Outcome]:  # noqa: ARG001
    """1 for a customer with a row in the horizon; one with a row between the cut and the horizon has no label."""

    def at(span: Span) -> Outcome:
        return Outcome(
            rows.customers_of(rows.between(span.start, span.end)).astype(np.int8),
            left_out={IN_THE_GAP: rows.customers_of(rows.between(span.cut, span.start))},
            remarks={EARLIER: rows.customers_of(rows.times < span.cut)},
        )

    return at


KIND = Kind(_labels, looks_back=True, settled=1)
