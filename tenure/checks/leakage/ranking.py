"""Single features that rank the label, or determine it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenure.checks.leakage.auc import alone, is_recoding, standard_error
from tenure.checks.leakage.rank_r2 import rank_r2
from tenure.checks.leakage.table import Finding, Table

DETERMINES = "determines the label in every row"

MAX_AUC = 0.98
"""Largest ROC-AUC of one feature alone. Recency, the best known feature for churn, reaches 0.75 to 0.85."""
HIGH_AUC = 0.94
"""From here on a feature is worth a look: over it by ``SURE`` standard errors, it is a warning."""
SURE = 1.64
MAX_RANK_R2 = 0.98
"""Largest share of the variance of a numeric label's ranks explained by one feature: a rank correlation of 0.99."""
RECODING_VALUES, RECODING_ROWS = 20, 20
"""A recoding has at most so many values, or so many rows a value."""


def ranking(table: Table) -> Iterator[Finding]:
    """Features whose order or values reproduce the label, each by itself."""
    yield from (_by_number if table.is_number else _by_class)(table)


def _by_number(table: Table) -> Iterator[Finding]:
    for name, values in table.values.items():
        share = rank_r2(values, table.label.astype(np.float64), table.customer)
        if share >= MAX_RANK_R2:
            text = f"alone explains {share:.1%} of the order of the labels, over {MAX_RANK_R2:.0%}"
            yield Finding("ranks the label", name, text, share, MAX_RANK_R2)


def _by_class(table: Table) -> Iterator[Finding]:
    label = table.label.astype(np.int8)
    most = max(RECODING_VALUES, label.size // RECODING_ROWS)
    for name, values in table.values.items():
        auc = alone(values, label, table.customer)
        text = f"alone ranks churners over stayers with a ROC-AUC of {auc:.3f}"
        if auc >= MAX_AUC and is_recoding(table.codes[name], label, most):
            yield Finding("recoding of the label", name, DETERMINES, auc, MAX_AUC)
        elif auc >= MAX_AUC:
            yield Finding("ranks the label", name, f"{text}, over {MAX_AUC:g}", auc, MAX_AUC)
        elif auc - SURE * standard_error(auc, label) >= HIGH_AUC:
            text = f"{text}, which few honest features reach: is it known on the day of a prediction?"
            yield Finding("ranks the label", name, text, auc, HIGH_AUC, warns=True)
