"""Raw columns to the inner representation (``tenure.contract.values``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.contract import Column
from tenure.contract.values import Floats, Text
from tenure.contract.written_numbers import TOO_LARGE, missing_numbers
from tenure.errors import DataError
from tenure.transform.containers import (
    SMALL,
    Values,
    coded,
    distinct_texts,
    each,
    is_arrow,
    looked_up,
    packed,
    unpacked,
    wrong,
)
from tenure.transform.scalars import (
    LARGEST_EXACT,
    NOUNS,
    boolean_reader,
    boolean_texts,
    number_reader,
    quote,
    read_date,
    text_reader,
)

if TYPE_CHECKING:
    import pyarrow as pa

DAY_US = 86_400e6
_NUMBERS = frozenset((float, int, type(None)))


class NumberReader:
    """Reads an ``integer``, ``number`` or ``boolean`` column."""

    def __init__(self, name: str, column: Column) -> None:
        self._name = name
        self._type = column.type
        self._read = boolean_reader(column) if column.type == "boolean" else number_reader(column)
        usual = boolean_texts(column) if column.type == "boolean" else {}
        self._texts = packed(usual, np.array([*usual.values()], dtype=np.float64))
        self._stand_ins = sorted(missing_numbers(column))

    def __call__(self, values: Values) -> Floats:
        """The column as float64 with NaN for missing, booleans as 0 and 1; shape (rows,).

        Raises:
            DataError: naming the column and the first row that holds no number.
        """
        found = unpacked(values, self._name)
        if isinstance(found, list):
            return self._from_list(found)
        if is_arrow(found):
            return self._from_arrow(found)
        kind = found.dtype.kind
        # Their floats are the numbers of the column, but for integers beyond 2^53 that a column of int64 cannot hold.
        as_it_is = (
            kind in "fiu" and self._type != "boolean" and not (self._type == "integer" and found.dtype == np.uint64)
        )
        if kind != "b" and not as_it_is:
            distinct, codes = np.unique(found, return_inverse=True)
            return self._by_distinct(distinct.tolist(), codes.astype(np.int32))
        return self._checked(found.astype(np.float64), exact=kind != "f")

    def _from_arrow(self, found: pa.Array) -> Floats:
        import pyarrow as pa

        kind = found.type
        numeric = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        exact = self._type == "integer" and (pa.types.is_uint64(kind) or pa.types.is_decimal(kind))
        if not pa.types.is_boolean(kind) and not (numeric and self._type != "boolean" and not exact):
            return self._by_distinct(*coded(found))
        numbers: Floats = found.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return self._checked(numbers, exact=not pa.types.is_floating(kind))

    def _from_list(self, values: list[Any]) -> Floats:
        found = self._from_long_list(values) if len(values) > SMALL else None
        return np.array(each(values, self._read, self._name), dtype=np.float64) if found is None else found

    def _from_long_list(self, values: list[Any]) -> Floats | None:
        """The column of a list of usual values, by array functions; None for other lists."""
        if self._type == "boolean":
            try:
                return looked_up(values, self._texts, np.float64)
            except (KeyError, TypeError):
                if set(map(type, values)) == {bool}:
                    return np.array(values, dtype=np.float64)
        elif _NUMBERS.issuperset(map(type, values)):
            try:
                numbers = np.array(values, dtype=np.float64)
            except OverflowError:
                return None
            # Beyond, the integers of a list are compared before they are rounded to floats.
            sizes = np.abs(numbers)
            if sizes.max() <= LARGEST_EXACT or np.nanmax(sizes, initial=0.0) <= LARGEST_EXACT:
                return self._checked(numbers, exact=False)
            return None
        texts = distinct_texts(values)
        return None if texts is None else self._by_distinct(*texts)

    def _by_distinct(self, distinct: list[Any], codes: NDArray[np.int32]) -> Floats:
        numbers = each(distinct, self._read, self._name, codes)
        found: Floats = np.array([*numbers, np.nan], dtype=np.float64)[codes]
        return found

    def _checked(self, numbers: Floats, exact: bool) -> Floats:
        """As ``number_reader``, for arrays; ``exact`` if the values were integers before the conversion to floats."""
        self._refuse(np.isinf(numbers), numbers, "is infinite")
        if self._type == "integer" and not exact:
            with np.errstate(invalid="ignore"):
                fraction = numbers != np.floor(numbers)
            self._refuse(fraction & ~np.isnan(numbers), numbers, f"is not {NOUNS['integer']}")
            self._refuse(np.abs(numbers) > LARGEST_EXACT, numbers, TOO_LARGE)
        if self._stand_ins and self._type != "boolean":
            numbers = np.where(np.isin(numbers, self._stand_ins), np.nan, numbers)
        return numbers

    def _refuse(self, mask: NDArray[np.bool_], numbers: Floats, what: str) -> None:
        if mask.any():
            row = int(np.argmax(mask))
            raise wrong(self._name, row, f"{quote(float(numbers[row]))} {what}")


class TextReader:
    """Reads a ``string`` or ``category`` column into codes of a vocabulary; words outside it are added at its end."""

    def __init__(self, name: str, column: Column, vocabulary: tuple[str, ...]) -> None:
        self._name = name
        self._read = text_reader(column)
        self._vocabulary = vocabulary
        # Many clients send text as bytes: both have their codes here, without decoding.
        self._codes: dict[Any, int] = {word: code for code, word in enumerate(vocabulary) if self._read(word) == word}
        self._codes.update({word.encode(): code for word, code in list(self._codes.items())})
        self._codes[None] = -1
        self._packed = packed(self._codes, np.array([*self._codes.values()], dtype=np.int32))

    def __call__(self, values: Values) -> Text:
        """The column as codes, shape (rows,); ``words`` is the vocabulary itself unless there are words outside it.

        Raises:
            DataError: a value is not text; names the column and the first such row.
        """
        found = unpacked(values, self._name)
        if isinstance(found, list):
            try:
                return Text(looked_up(found, self._packed, np.int32), self._vocabulary)
            except (KeyError, TypeError):
                texts = distinct_texts(found)
            if texts is None:
                codes, words = self._code(found, None)
                return Text(np.array(codes, dtype=np.int32), words)
            distinct, rows = texts
        elif is_arrow(found):
            distinct, rows = coded(found)
        else:
            unique, inverse = np.unique(found, return_inverse=True)
            distinct, rows = unique.tolist(), inverse.astype(np.int32)
        codes, words = self._code(distinct, rows)
        return Text(np.array([*codes, -1], dtype=np.int32)[rows], words)

    def _code(self, values: list[Any], rows: NDArray[np.int32] | None) -> tuple[list[int], tuple[str, ...]]:
        known = self._codes
        try:
            return [known[value] for value in values], self._vocabulary
        except (KeyError, TypeError):
            texts = each(values, self._read, self._name, rows)
        start = len(self._vocabulary)
        added: dict[str, int] = {}
        codes = [
            -1 if text is None else known[text] if text in known else added.setdefault(text, start + len(added))
            for text in texts
        ]
        return codes, (*self._vocabulary, *added) if added else self._vocabulary


class DateReader:
    """Reads a ``date`` or ``timestamp`` column, by ``tenure.parsing``."""

    def __init__(self, name: str, column: Column) -> None:
        import pyarrow  # noqa: F401 (with the model, and not during its first request)

        self._name = name
        self._column = column

    def __call__(self, values: Values) -> Floats:
        """Days since 1970-01-01 as float64, NaN for missing; shape (rows,).

        Raises:
            DataError: naming the column and the first row that holds no date.
        """
        import pyarrow as pa

        from tenure.parsing.parse import noun, parse_batch

        found = unpacked(values, self._name)
        try:
            typed = isinstance(found, np.ndarray) and found.dtype.kind in "iuf"
            if typed:
                column = pa.array(found, from_pandas=True)
            elif isinstance(found, pa.Array):
                column = found
            else:
                column = pa.array(each(list(found), read_date, self._name))
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            raise DataError(f"column '{self._name}' holds both texts and dates, or a date out of range") from None
        parsed, faults = parse_batch(
            pa.RecordBatch.from_arrays([column], names=[self._name]), {self._name: self._column}
        )
        if faults.bad.any():
            row = int(np.argmax(faults.bad))
            raise wrong(self._name, row, f"{quote(column[row].as_py())} is not {noun(self._column)}")
        moments = parsed.column(0)
        whole = pa.types.is_date32(moments.type)
        numbers = moments.cast(pa.int32() if whole else pa.int64()).cast(pa.float64(), safe=False)
        days: Floats = numbers.to_numpy(zero_copy_only=False) / (1.0 if whole else DAY_US)
        return days


Reader = NumberReader | TextReader | DateReader


def reader_of(name: str, column: Column, vocabulary: tuple[str, ...] = ()) -> Reader:
    """The reader of a column of this type."""
    if column.is_text:
        return TextReader(name, column, vocabulary)
    return DateReader(name, column) if column.is_temporal else NumberReader(name, column)
