"""Tables of honest features: known on the day of a prediction, some of them strong.

A feature is drawn given the class: a number shifted, stretched or counted more, its bins, a category or a flag whose
odds differ, empty cells that one class has more often. The strongest ranks the classes with a ROC-AUC of 0.90.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tenure.checks.leakage import Table
from tenure.contract import Contract, parse
from tenure.contract.values import Text, Value

COLUMNS = 20
MAX_AUC = 0.90
Random = np.random.Generator
Label = NDArray[np.int8]


def honest_table(seed: int) -> Table:
    """A table of 200 to 5,000 rows, of whom 5 to 50 % left, with ``COLUMNS`` features ``x0``, ``x1`` and so on."""
    random = np.random.default_rng(seed)
    rows = int(np.exp(random.uniform(np.log(200), np.log(5_000))))
    label = (random.random(rows) < random.uniform(0.05, 0.50)).astype(np.int8)
    label[:2] = (0, 1)
    values = {f"x{number}": KINDS[random.integers(len(KINDS))](random, label) for number in range(COLUMNS)}
    orders = {"order of the rows in the source": np.arange(rows, dtype=float)}
    return Table(values, label, orders, None)


def contract_of(table: Table) -> Contract:
    """A contract with the features of a table."""
    lines = [
        f"  {name}: {{type: {'category' if isinstance(values, Text) else 'number'}, nullable: true}}"
        for name, values in table.values.items()
    ]
    columns = ["  id: {type: string, role: key}", "  left: {type: integer, role: label}", *lines]
    return parse("name: honest\nlabel: {positive: '1'}\ncolumns:\n" + "\n".join(columns) + "\n")


def shifted(random: Random, label: Label) -> NDArray[np.float64]:
    """A normal number whose mean differs."""
    distance = NormalDist().inv_cdf(random.uniform(0.5, MAX_AUC)) * np.sqrt(2.0)
    return random.normal(size=label.size) + distance * label * random.choice([-1, 1])


def stretched(random: Random, label: Label) -> NDArray[np.float64]:
    """An amount, to the cent."""
    return np.round(np.exp(shifted(random, label)) * 30.0, 2)


def counted(random: Random, label: Label) -> NDArray[np.float64]:
    """A count, often 0."""
    stays = random.uniform(0.1, 3.0)
    # The difference of two such counts has about the distribution of a normal number.
    most = NormalDist().inv_cdf(MAX_AUC) * np.sqrt(2.0 * stays)
    left = max(0.2 * stays, stays + random.uniform(-1, 1) * most)
    return random.poisson(np.where(label == 1, left, stays)).astype(float)


def binned(random: Random, label: Label) -> Text:
    """Two to eight bins of a number."""
    value = shifted(random, label)
    edges = np.quantile(value, np.sort(random.uniform(0.02, 0.98, random.integers(1, 8))))
    return Text(np.searchsorted(edges, value).astype(np.int32), tuple(f"bin {n}" for n in range(9)))


def category(random: Random, label: Label) -> Text:
    """A category; the odds of its values differ, and some are rare."""
    kinds = int(random.integers(2, 30))
    base = random.dirichlet(np.full(kinds, 0.7))
    # At most 20 between two values.
    odds = np.exp(np.clip(random.normal(0.0, random.uniform(0.2, 1.3), kinds), -1.5, 1.5))
    left = base * odds / (base * odds).sum()
    drawn = np.where(label == 1, random.choice(kinds, label.size, p=left), random.choice(kinds, label.size, p=base))
    return Text(drawn.astype(np.int32), tuple(f"kind {n}" for n in range(kinds)))


def flag(random: Random, label: Label) -> NDArray[np.float64]:
    """A flag with an odds ratio of at most 24."""
    stays = random.uniform(0.02, 0.7)
    odds = stays / (1.0 - stays) * np.exp(random.uniform(-1, 1) * np.log(24.0))
    share = np.where(label == 1, odds / (1.0 + odds), stays)
    return (random.random(label.size) < share).astype(float)


def partly_filled(random: Random, label: Label) -> NDArray[np.float64]:
    """A number that is missing more often in one class."""
    return np.where(flag(random, label) == 1.0, random.normal(size=label.size), np.nan)


def many_words(random: Random, label: Label) -> Text:
    """Streets or sellers: many values with few rows each."""
    kinds = int(random.integers(50, max(51, label.size // 2)))
    return Text(random.integers(0, kinds, label.size).astype(np.int32), tuple(f"word {n}" for n in range(kinds)))


def noise(random: Random, label: Label) -> NDArray[np.float64]:
    """A number that says nothing."""
    return random.normal(size=label.size)


KINDS: tuple[Callable[[Random, Label], Value], ...] = (
    *(shifted, stretched, counted, binned, category, flag, partly_filled, many_words, noise),
)
