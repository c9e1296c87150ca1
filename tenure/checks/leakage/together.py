"""Features that determine the label together, where none of them does alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations

import numpy as np

from tenure.checks.leakage.codes import Codes
from tenure.checks.leakage.table import MIN_ROWS, Finding, Table
from tenure.contract.values import Text

PAIR_VALUES, PAIR_COLUMNS = 10, 40
"""Pairs are made of at most so many columns, those with the fewest values and none with more than so many."""
FIRST_ROWS = 1_000
"""Most pairs are ruled out by so many rows."""
ROWS_A_CELL = 20
"""Smallest mean number of rows with the same two values: fewer may be of one class by chance."""
MAX_LINEAR_R2 = 0.9999
"""Largest share of the variance of a numeric label explained by a weighted sum of all numbers."""
ROWS_A_COLUMN = 10
SMALL_PART = 0.001
"""Standard deviation, as a share of the label's, below which a term of the sum is not named."""


def together(table: Table, known: Collection[str | None]) -> Iterator[Finding]:
    """Pairs of categories that determine the class, and numbers whose weighted sum is the label.

    Args:
        known: columns that reveal the label alone.
    """
    names = [name for name in table.values if name not in known]
    yield from _sum(table, names) if table.is_number else _pairs(table, names)


def _pairs(table: Table, names: list[str]) -> Iterator[Finding]:
    upper = table.upper
    if min(upper.sum(), (~upper).sum()) < MIN_ROWS:
        return
    sizes = {name: int(table.codes[name].max()) + 1 for name in names}
    few = sorted((name for name in names if sizes[name] <= PAIR_VALUES + 1), key=sizes.__getitem__)[:PAIR_COLUMNS]
    for one, other in combinations(sorted(few, key=names.index), 2):
        first, second = table.codes[one], table.codes[other]
        if _determine(first[:FIRST_ROWS], second[:FIRST_ROWS], upper[:FIRST_ROWS]) and _determine(first, second, upper):
            cells = np.unique(first * (PAIR_VALUES + 1) + second).size
            if upper.size >= ROWS_A_CELL * cells:
                text = f"together with '{other}' determines the label in every row"
                yield Finding("recoding of the label", one, text, 1.0, 1.0)


def _determine(first: Codes, second: Codes, upper: np.ndarray) -> bool:
    cells = first * (PAIR_VALUES + 1) + second
    rows = np.bincount(cells)
    in_upper = np.bincount(cells, weights=upper)
    return bool(((in_upper == 0) | (in_upper == rows)).all())


def _sum(table: Table, names: list[str]) -> Iterator[Finding]:
    numbers = {name: values for name in names if not isinstance(values := table.values[name], Text)}
    numbers = {name: values for name, values in numbers.items() if np.isfinite(values).all() and values.std() > 0.0}
    label = table.label.astype(np.float64)
    if label.size < ROWS_A_COLUMN * len(numbers) or len(numbers) < 2:
        return
    columns = np.column_stack([(values - values.mean()) / values.std() for values in numbers.values()])
    wanted = (label - label.mean()) / label.std()
    weights = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    explained = 1.0 - float(np.mean((wanted - columns @ weights) ** 2))
    terms = [name for name, weight in zip(numbers, weights, strict=True) if abs(weight) > SMALL_PART]
    if explained > MAX_LINEAR_R2 and len(terms) > 1:
        others = ", ".join(repr(name) for name in terms[1:])
        text = f"together with {others}, in a weighted sum, is the label"
        yield Finding("recoding of the label", terms[0], text, explained, MAX_LINEAR_R2)
