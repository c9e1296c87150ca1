"""The format of a column's numbers, found in its texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.contract.columns import NumberFormat
from tenure.contract.written_numbers import reader
from tenure.parsing.number_formats import find_number_format, may_be_number

COMMA = NumberFormat(decimal=",")
ENGLISH = NumberFormat(thousands=",")
GERMAN = NumberFormat(decimal=",", thousands=".")
BLANK = NumberFormat(thousands=" ")
FRENCH = NumberFormat(decimal=",", thousands=" ")
SWISS = NumberFormat(thousands="'")


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["74,02", "55,72"], COMMA),
        (["0,123", "0,5"], COMMA),
        (["1,5E-05"], COMMA),
        (["2,960.80", "3.1", "12"], ENGLISH),
        (["12,34,567.00"], ENGLISH),
        (["1,234,567"], ENGLISH),
        (["1.234,50", "3"], GERMAN),
        (["1.234.567"], GERMAN),
        (["1 234,50"], FRENCH),
        (["1\u202f234", "1\u00a0234\u00a0567", "12\u2009345"], BLANK),
        (["1'234.50", "1’000"], SWISS),
        (["-5", "3", "1e-05", ".5"], None),
        (["12.0", "3"], None),
        (["12-"], NumberFormat()),
        (["\u22125", "3"], NumberFormat()),
        (["(5)", "3"], NumberFormat()),
    ],
)
def test_separators_are_decided_by_the_texts(texts: list[str], form: NumberFormat | None) -> None:
    found = find_number_format(texts)
    assert found is not None
    assert found.format == form
    assert found.ambiguous is None


@pytest.mark.parametrize(
    ("texts", "symbols"),
    [
        (["$1,234.50", "-$5", "$-5", "($1,234.50)"], ("$",)),
        (["1.234,50 €", "12 €", "0"], ("€",)),
        (["EUR 12", "EUR12", "€3"], ("EUR", "€")),
        (["12 %", "5%"], ("%",)),
        (["Rs.500", "Rs. 1,00,000"], ("Rs.",)),
        (["12,50 kr.", "5 kr."], ("kr.",)),
    ],
)
def test_symbols(texts: list[str], symbols: tuple[str, ...]) -> None:
    found = find_number_format(texts)
    assert found is not None
    assert found.format is not None
    assert found.format.symbols == symbols


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["1,23", "1.5"],
        ["$5", "€5"],
        ["5", "5%", "€5"],
        ["007", "12"],
        ["C100", "12"],
        ["2024-01-16"],
        ["12.01.2024"],
        ["192.168.1.1"],
        ["0171 234567"],
        ["-"],
        ["%"],
        ["nan"],
        ["1,2,3"],
        ["12 GB"],
        ["1-2"],
    ],
)
def test_other_texts_are_no_numbers(texts: list[str]) -> None:
    assert find_number_format(texts) is None


def test_what_the_texts_do_not_decide_is_said() -> None:
    thousands = find_number_format(["1,234", "999"])
    assert thousands is not None
    assert thousands.format == ENGLISH
    assert thousands.whole
    assert "only values like 1,234: read as thousands" in str(thousands.ambiguous)
    beside = find_number_format(["1,234", "2345"])
    assert beside is not None
    assert beside.format == COMMA
    assert "decimal comma" in str(beside.ambiguous)
    points = find_number_format(["1.234", "5"])
    assert points is not None
    assert points.format is None
    assert "decimal point" in str(points.ambiguous)
    shares = find_number_format(["12%", "0.12"])
    assert shares is not None
    assert "only some values have %" in str(shares.ambiguous)


def test_whole_numbers_and_those_beyond_64_bits() -> None:
    found = [find_number_format(texts) for texts in (["1.0", "2"], ["1.5", "2"], ["1e3"], ["9" * 20], ["9" * 18])]
    assert [(each.whole, each.beyond_64_bits) for each in found if each is not None] == [
        (True, False),
        (False, False),
        (True, False),
        (True, True),
        (True, False),
    ]


def test_the_evidence_is_a_text_that_few_conventions_read() -> None:
    found = find_number_format(["5", "999", "1.234,50 €", "12 €"])
    assert found is not None
    assert found.evidence == "e.g. '1.234,50 €'"


def test_a_single_text() -> None:
    assert may_be_number("1.234,50 €")
    assert not may_be_number("n/a")


AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
WRITERS = {
    "english": lambda x: f"{x:,}",
    "german": lambda x: f"{x:,}".translate(str.maketrans(",.", ".,")),
    "french": lambda x: f"{x:,}".translate(str.maketrans(",.", "\u202f,")) + " €",
    "swiss": lambda x: "CHF " + f"{x:,}".replace(",", "’"),
    "brackets": lambda x: f"(${-x:,})" if x < 0 else f"${x:,}",
    "behind": lambda x: f"{abs(x)}-" if x < 0 else f"{x}",
    "plain": str,
}


@pytest.mark.parametrize("name", WRITERS)
@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=20))
@settings(max_examples=examples(60))
def test_what_a_convention_writes_is_read_back(name: str, amounts: list) -> None:
    texts = [WRITERS[name](amount) for amount in amounts]
    found = find_number_format(texts)
    assert found is not None
    read = reader(found.format or NumberFormat())
    assert [float(read(text) or "nan") for text in texts] == [float(amount) for amount in amounts]
