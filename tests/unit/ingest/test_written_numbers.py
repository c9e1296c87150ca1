"""A number's format means the same to Arrow, which reads columns, and to Python, which reads single values."""

from __future__ import annotations

import math
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples
from pydantic import ValidationError

from tenure.contract import written_numbers
from tenure.contract.columns import Column, NumberFormat
from tenure.contract.written_numbers import reader
from tenure.errors import DataError
from tenure.parsing import parse_batch
from tenure.parsing.numerals import usual_texts
from tenure.transform.reading import reader_of
from tenure.transform.scalars import number_reader

SYMBOLS = (
    "$",
    "€",
    "US$",
    "EUR",
    "%",
    "kr.",
    "Rs.",
    "e",
    ",-",
    ".–",
    "E+",
    "''",
    "-",
    "(",
    ")",
    "a b",
    "\u00a0x",
    "\\",
)
SEPARATORS = [(".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")]
FORMATS = st.builds(
    lambda separators, symbols: NumberFormat(decimal=separators[0], thousands=separators[1], symbols=tuple(symbols)),
    st.sampled_from(SEPARATORS),
    st.lists(st.sampled_from(SYMBOLS), max_size=3, unique=True),
)
NUMERIC_PIECES = ("1", "12", "123", "234", "567", "0", "000", "00", "50", "e5", "E-", "nan", "-inf", "\u0661")
OTHER_PIECES = (*".,'\u2019 \u00a0\u202f\u2009\t\n-+\u2212\u2013()ex", *SYMBOLS)
PIECES = st.sampled_from([*NUMERIC_PIECES, *OTHER_PIECES])
LOOSE = st.lists(PIECES, max_size=8).map("".join)


@st.composite
def written(draw: st.DrawFn, form: NumberFormat) -> str:
    """A text that is nearly a number in ``form``."""
    digits = str(draw(st.integers(0, 10**7)))
    if form.thousands and draw(st.booleans()):
        digits = f"{int(digits):,}".replace(",", form.thousands)
    if draw(st.booleans()):
        digits += form.decimal + draw(st.sampled_from(["5", "50", "000", ""]))
    symbol = st.sampled_from(["", *form.symbols])
    sign = st.sampled_from(["", "", "", "-", "+", "\u2212"])
    blank = st.sampled_from(["", "", " ", "\u00a0"])
    before = draw(sign) + draw(symbol) + draw(blank) + draw(sign)
    behind = draw(blank) + draw(symbol) + draw(sign)
    text = before + digits + behind
    return f"({text})" if draw(st.integers(0, 9)) == 0 else text


@st.composite
def columns(draw: st.DrawFn) -> tuple[NumberFormat, list[str]]:
    form = draw(FORMATS)
    return form, [text.strip() for text in draw(st.lists(written(form) | LOOSE, min_size=1, max_size=12))]


@given(columns())
@settings(max_examples=examples(300))
def test_texts_in_the_usual_form(column: tuple[NumberFormat, list[str]]) -> None:
    form, texts = column
    read = reader(form)
    assert usual_texts(pa.array([*texts, None]), form).to_pylist() == [*map(read, texts), None]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53), st.sampled_from(SEPARATORS))
@settings(max_examples=examples(200))
def test_a_number_that_is_written_reads_back(number: float, separators: tuple[str, str | None]) -> None:
    form = NumberFormat(decimal=separators[0], thousands=separators[1], symbols=("€",))
    text = written_numbers.written(number, form)
    assert float(reader(form)(text) or "nan") == number


@pytest.mark.parametrize("kind", ["number", "integer"])
@given(columns())
@settings(max_examples=examples(150))
def test_tables_arrays_and_single_rows(kind: str, given_column: tuple[NumberFormat, list[str]]) -> None:
    form, texts = given_column
    column = Column(type=kind, format=form, missing_values=("-999", "12"))
    batch = pa.RecordBatch.from_arrays([pa.array(texts)], names=["x"])
    parsed, faults = parse_batch(batch, {"x": column})
    values = [None if value is None else float(value) for value in parsed.column(0).to_pylist()]
    of_one = number_reader(column)
    for text, value, bad in zip(texts, values, faults.bad.tolist(), strict=True):
        for many in ([text], pa.array([text] * 70)):
            try:
                found = [None if math.isnan(x) else x for x in reader_of("x", column)(many).tolist()]
            except DataError:
                assert bad
            else:
                assert not bad
                assert found == [value] * len(many)
        try:
            number = of_one(text)
        except ValueError:
            assert bad
        else:
            assert not bad
            assert (None if math.isnan(number) else number) == value


@pytest.mark.parametrize("symbol", ["", " ", "1", "a1", "\u00a0"])
def test_symbols_are_texts_without_digits(symbol: str) -> None:
    with pytest.raises(ValidationError, match="is blank or contains a digit"):
        NumberFormat(symbols=(symbol,))


@pytest.mark.parametrize("form", [None, {"symbols": ("€",)}, {"decimal": ",", "thousands": ".", "symbols": ("€", "-")}])
@pytest.mark.parametrize(
    "text",
    [
        "1" + " " * 100_000 + "x",
        "-" + " " * 100_000 + "x",
        "€" + "\u00a0" * 100_000 + "1x",
        "(" + " " * 100_000 + "1",
        "1" * 100_000 + "x",
        "1.111" * 20_000 + "x",
        "." + "1" * 100_000 + "e" + "1" * 100_000 + "x",
    ],
    ids=["blanks behind", "blanks after a sign", "spaces after a symbol", "bracket", "digits", "groups", "exponent"],
)
def test_a_long_value_takes_time_by_its_length(text: str, form: dict | None) -> None:
    """A client's value of some hundred blanks once took minutes, one of 16,000 digits seconds."""
    column = Column(type="number", format=None if form is None else NumberFormat(**form))
    began = time.process_time()
    with pytest.raises(ValueError, match="is not a number"):
        number_reader(column)(text)
    assert time.process_time() - began < 1.0
