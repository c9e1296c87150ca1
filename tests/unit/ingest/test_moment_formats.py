"""The format of a column's dates, found in its texts."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure.parsing.moment_formats import find_moment_format
from tenure.parsing.moments import timestamps


@pytest.mark.parametrize(
    ("texts", "form", "whole_days"),
    [
        (["2024-01-16", "2023-12-31"], None, True),
        (["2024-01-16T00:00:00+02:00", "2024-01-16T00:00:00Z"], None, False),
        (["2024-01-16 00:00:00 UTC"], None, True),
        (["2024-01-16 12:00:00.123456789"], None, False),
        (["1/16/24", "10/18/23"], "%m/%d/%y", True),
        (["16.01.2024 00:00", "1.2.2024 00:00"], "%d.%m.%Y %H:%M", True),
        (["24.02.2026 13:45"], "%d.%m.%Y %H:%M", False),
        (["Feb 24, 2026", "MAR 1, 2025"], "%b %d, %Y", True),
        (["May 24, 2026", "June 1, 2025"], "%B %d, %Y", True),
        (["24-Feb-26", "1-mar-25"], "%d-%b-%y", True),
        (["24. Feb 2026"], "%d. %b %Y", True),
        (["2026-Feb-24"], "%Y-%b-%d", True),
        (["Tue, 24 Feb 2026 13:45:00 GMT"], "%a, %d %b %Y %H:%M:%S %Z", False),
        (["01/16/2024 01:30 PM", "2/3/2024 11:00 am"], "%m/%d/%Y %I:%M %p", False),
        (["1/16/2024 13:45:12"], "%m/%d/%Y %H:%M:%S", False),
        (["2024/01/16", "2024/1/6"], "%Y/%m/%d", True),
        (["2024-16-01"], "%Y-%d-%m", True),
        (["2024-01", "2024-02"], "%Y-%m", True),
        (["01/2024"], "%m/%Y", True),
        (["Jan-24", "Feb-24"], "%b-%y", True),
        (["24Feb2026", "1MAR2025"], "%d%b%Y", True),
        (["24FEB2026:13:45:00"], "%d%b%Y:%H:%M:%S", False),
    ],
)
def test_texts(texts: list[str], form: str | None, whole_days: bool) -> None:
    found = find_moment_format(texts)
    assert found is not None
    assert (found.format, found.whole_days, found.is_number, found.ambiguous) == (form, whole_days, False, None)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1706400000", "1606400000.0"], "epoch_s"),
        (["1706400000123"], "epoch_ms"),
        (["1706400000123456"], "epoch_us"),
        (["202401", "202312"], "%Y%m"),
        (["20240116134500"], "%Y%m%d%H%M%S"),
        (["202401161345"], "%Y%m%d%H%M"),
        (["20240116", "19500101"], "%Y%m%d"),
    ],
)
def test_numbers(texts: list[str], form: str) -> None:
    found = find_moment_format(texts)
    assert found is not None
    assert (found.format, found.is_number) == (form, True)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["basic"],
        ["74,02"],
        ["1999.12"],
        ["12345678"],
        ["123456789"],
        ["1.2.3"],
        ["1-3", "5-10"],
        ["192.168.10.20"],
        ["31.02.2024"],
        ["0000-00-00"],
        ["13:45"],
        ["16.01.2024", "2024-01-16"],
        ["May"],
        ["99999999999999999999"],
    ],
)
def test_other_texts_are_no_dates(texts: list[str]) -> None:
    assert find_moment_format(texts) is None


def test_the_value_that_decides_the_order_is_the_evidence() -> None:
    found = find_moment_format(["1/6/24", "10/18/23"])
    assert found is not None
    assert found.evidence == "month first: '10/18/23' has 18 in second place"


def test_dates_of_one_day_of_the_month_decide_the_order() -> None:
    found = find_moment_format(["01/01/2024", "01/02/2024", "01/03/2024"])
    assert found is not None
    assert (found.format, found.ambiguous) == ("%d/%m/%Y", None)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1/6/24", "2/3/24"], "%m/%d/%y"),
        (["1/6/2024", "12/3/2024"], "%m/%d/%Y"),
        (["01/06/2024", "02/03/2024"], "%d/%m/%Y"),
        (["01.06.2024", "02.03.2024"], "%d.%m.%Y"),
        (["1.6.24", "2.3.24"], "%d.%m.%y"),
        (["01-06-2024", "02-03-2024"], "%d-%m-%Y"),
    ],
)
def test_an_order_that_nothing_decides_is_chosen_and_said(texts: list[str], form: str) -> None:
    found = find_moment_format(texts)
    assert found is not None
    assert found.format == form
    assert "no value has a part above 12" in str(found.ambiguous)


FORMS = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%b %d, %Y",
    "%d %B %Y",
    "%d-%b-%y",
    "%Y-%m-%dT%H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d-%b-%Y %I:%M:%S %p",
]


FIRST, LAST = datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2060-01-01")


@pytest.mark.parametrize("form", FORMS)
@given(moments=st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=20))
@settings(max_examples=examples(40))
def test_what_a_format_writes_is_read_back(form: str, moments: list[datetime]) -> None:
    texts = [moment.strftime(form) for moment in moments]
    found = find_moment_format(texts)
    assert found is not None
    if found.ambiguous:
        return
    read = timestamps(pa.array(texts), found.format).to_pylist()
    assert read == timestamps(pa.array(texts), form).to_pylist()
