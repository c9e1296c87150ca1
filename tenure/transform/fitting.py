"""Fits a transform to the training part, in a few passes over its batches and in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Column, Contract
from tenure.contract.values import TODAY_COLUMN, Floats, Text, Value
from tenure.errors import DataError
from tenure.transform.rare_levels import Levels, divide_levels, min_rows
from tenure.transform.state import Category, Encoding, Input, Limits, Number, State
from tenure.transform.target_statistics import LARGEST, Target, fit_target
from tenure.transform.transform import Transform

if TYPE_CHECKING:
    import pyarrow as pa

Tables: TypeAlias = "Callable[[Sequence[str]], Iterable[pa.RecordBatch]]"
"""Reads the training part: batches with (at least) the named columns; called several times."""

MAX_CATEGORIES = 50
"""Most frequent texts of a column that get a feature of their own; the others share one."""
TARGET_VALUES = 20
"""Distinct texts of a column beyond which it is encoded by target statistics, unless the contract says otherwise."""
MAX_MEANS = 10_000
"""Most frequent texts of a column that have target statistics of their own."""
MAX_COUNTED = 100_000
"""Largest number of distinct texts of a category; a column with more is an error."""
BUDGET_BYTES = 256 * 2**20
"""Memory for the columns whose medians are computed at a time."""
FENCE_RANGES = 3.0
"""Tukey's outer fences: this many interquartile ranges beyond the quartiles (Exploratory Data Analysis, 1977)."""


class LabelColumn(NamedTuple):
    """Where the labels of the training part are."""

    name: str
    read: Callable[[pa.Array], NDArray[np.generic]]
    """The labels of a batch's column as numbers, shape (rows,): 1 for customers who left and 0 for others, or the
    value."""


def fit(contract: Contract, tables: Tables, label: LabelColumn | None = None) -> Transform:
    """Fit medians, vocabularies, target statistics and fences. None depends on the order of rows.

    Args:
        tables: reads the training part, with ``TODAY_COLUMN`` if the contract uses ``today()``; see ``of_table`` for
            one in memory.
        label: for target statistics; without it all categories are encoded one-hot.

    Raises:
        DataError: there are no rows, or a column of texts is no category.
    """
    inputs = tuple(Input(name, column) for name, column in contract.inputs.items())
    if contract.uses_today:
        inputs = (*inputs, Input(TODAY_COLUMN, Column(type="date")))
    derived = tuple((name, contract.derived[name].expression) for name in contract.expressions)
    clipped = [entry.name for entry in inputs if entry.column.clip]
    rows, texts, missing = _count(State(inputs, (), ()), tables)
    if not rows:
        raise DataError("the training part has no rows")
    # Derived features see clipped numbers: the fences come first.
    fences = {name: _fences(values) for name, values in _columns(State(inputs, (), ()), tables, clipped, rows)}
    inputs = tuple(Input(entry.name, entry.column, fences.get(entry.name)) for entry in inputs)
    state = State(inputs, derived, ())
    if derived:
        _, texts, missing = _count(state, tables)
    types = {entry.name: entry.type for entry in inputs}
    types.update({name: expression.type for name, expression in contract.expressions.items()})
    encodings: dict[str, Encoding] = {}
    least = min_rows(rows)
    for name, counts in texts.items():
        if label is not None and _by_target(contract, name, counts):
            encodings[name] = _target(state, tables, label, name, divide_levels(counts, rows, MAX_MEANS))
        else:
            order = contract.inputs[name].values if name in contract.inputs else None
            encodings[name] = _category(name, counts, rows, missing[name] >= least, order)
    numbers = [name for name, kind in types.items() if kind in ("number", "boolean")]
    for name, values in _columns(state, tables, numbers, rows):
        impute = _majority(values) if types[name] == "boolean" else _median(values)
        encodings[name] = Number(name, impute, missing[name] >= least)
    return Transform(State(inputs, derived, tuple(encodings[name] for name in types if name in encodings)))


def of_table(table: pa.Table, batch_rows: int = 65_536) -> Tables:
    """A table in memory, for ``fit``."""
    return lambda columns: table.select([name for name in columns if name in table.column_names]).to_batches(batch_rows)


def _count(state: State, tables: Tables) -> tuple[int, dict[str, Counter[str]], Counter[str]]:
    """Number of rows, counts of each text by column, and counts of missing values by column."""
    transform = Transform(state)
    texts: dict[str, Counter[str]] = {}
    missing: Counter[str] = Counter()
    rows = 0
    for values, length in _values(transform, tables(transform.inputs)):
        rows += length
        for name, value in values.items():
            if isinstance(value, Text):
                counts = np.bincount(value.codes + 1, minlength=len(value.words) + 1).tolist()
                missing[name] += counts[0]
                counter = texts.setdefault(name, Counter())
                for word, count in zip(value.words, counts[1:], strict=True):
                    if count:
                        counter[word] += count
                if len(counter) > MAX_COUNTED:
                    raise DataError(
                        f"column '{name}' has more than {MAX_COUNTED:,} distinct texts: it is not a category"
                    )
            else:
                missing[name] += int(np.isnan(value).sum())
    return rows, texts, missing


def _columns(state: State, tables: Tables, names: Sequence[str], rows: int) -> Iterator[tuple[str, Floats]]:
    """Each of the numeric ``names`` with all its known values, as many at a time as the memory budget allows.

    The caller may reorder the values in place.
    """
    size = max(1, BUDGET_BYTES // (8 * rows))
    for start in range(0, len(names), size):
        group = names[start : start + size]
        part = Transform(_needed(state, group))
        found = {name: np.empty(rows) for name in group}
        filled: Counter[str] = Counter()
        for values, _ in _values(part, tables(part.inputs)):
            for name in group:
                value = values[name]
                known = value[~np.isnan(value)]  # type: ignore[arg-type]
                # As in the matrix, and so that the median of two large numbers does not overflow.
                found[name][filled[name] : filled[name] + len(known)] = np.clip(known, -LARGEST, LARGEST)
                filled[name] += len(known)
        for name in group:
            yield name, found.pop(name)[: filled[name]]


def _values(transform: Transform, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[dict[str, Value], int]]:
    for batch in batches:
        columns = {name: batch.column(name) for name in batch.schema.names}
        yield transform.values(columns), batch.num_rows


def _needed(state: State, names: Sequence[str]) -> State:
    """The part of ``state`` from which ``names`` are computed."""
    wanted = set(names)
    derived = []
    for name, expression in reversed(state.expressions().items()):
        if name in wanted:
            wanted.update(expression.columns)
            derived.append((name, expression.text))
    return State(tuple(entry for entry in state.inputs if entry.name in wanted), tuple(reversed(derived)), ())


def _by_target(contract: Contract, name: str, counts: Counter[str]) -> bool:
    described = contract.derived.get(name) or contract.inputs[name]
    return len(counts) > TARGET_VALUES if described.encode is None else described.encode == "target"


def _target(state: State, tables: Tables, label: LabelColumn, name: str, levels: Levels) -> Target:
    transform = Transform(_needed(state, [name]))
    codes, labels = [], []
    words: dict[str, int] = {}
    for batch in tables([*transform.inputs, label.name]):
        text = transform.values({column: batch.column(column) for column in batch.schema.names})[name]
        assert isinstance(text, Text)  # noqa: S101 it was counted as one
        code = np.array([*(words.setdefault(word, len(words)) for word in text.words), -1], dtype=np.int32)
        codes.append(code[text.codes])
        labels.append(label.read(batch.column(label.name)).astype(np.float64))
    column = Text(np.concatenate(codes), tuple(words))
    return fit_target(name, column, np.concatenate(labels), values=levels.frequent, rare=levels.rare)


def _category(name: str, counts: Counter[str], rows: int, missing: bool, order: tuple[str, ...] | None) -> Category:
    levels = divide_levels(counts, rows, MAX_CATEGORIES)
    place = {word: index for index, word in enumerate(order or ())}
    values = tuple(sorted(levels.frequent, key=lambda word: (place.get(word, len(place)), word)))
    most = min(values, key=lambda word: (-counts[word], word), default=None)
    return Category(name, values, missing, most, levels.rare)


def _median(values: Floats) -> float:
    return float(np.median(values, overwrite_input=True)) if len(values) else 0.0


def _majority(values: Floats) -> float:
    return 1.0 if np.count_nonzero(values) * 2 > len(values) else 0.0


def _fences(values: Floats) -> Limits | None:
    if not len(values):
        return None
    low, high = np.quantile(values, [0.25, 0.75], overwrite_input=True).tolist()
    reach = FENCE_RANGES * (high - low)
    # A column that mostly holds one value has no spread from which to define outliers.
    return (low - reach, high + reach) if reach > 0.0 else None
