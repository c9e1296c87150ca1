"""Finds how a column writes dates and timestamps: ISO 8601, a ``strptime`` format, or an epoch number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from tenure.contract.columns import EPOCH_FORMATS
from tenure.parsing import moments

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years that a date of a customer table may have; a two-digit year is of 1969 to 2068."""
FIRST_EPOCH_YEAR = 1990

TIME = re.compile(
    r"(?P<gap>T|:|,? +)(?P<hour>[0-9]{1,2}):[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?"
    r"(?P<half>(?P<half_gap> *)[AaPp][Mm])?(?P<zone>(?P<zone_gap> *)(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
)
NUMERIC = re.compile(r"(?P<first>[0-9]{1,4})(?P<mark>[-/.] ?)(?P<second>[0-9]{1,2})(?P=mark)(?P<third>[0-9]{1,4})")
MONTH_ONLY = re.compile(r"[0-9]{1,4}(?P<mark>[-/])[0-9]{1,4}")
WEEKDAY = r"(?P<weekday>(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Satur|Sat|Sun)(?:day)?)(?P<weekday_gap>,? )"
MONTH = r"(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)"
YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
DAY = r"(?P<day>[0-9]{1,2})"
NAMED = tuple(
    re.compile(rf"(?:{WEEKDAY})?{order}", re.IGNORECASE)
    for order in (
        rf"{DAY}(?P<one>[-/ .]|\. |){MONTH}(?P<two>[-/ .,]|, |){YEAR}",
        rf"{MONTH}(?P<one>[-/ .]){DAY}(?P<two>[-/ .,]|, ){YEAR}",
        rf"{YEAR}(?P<one>[-/ .]){MONTH}(?P<two>[-/ .]){DAY}",
        rf"{MONTH}(?P<one>[-/ ]){YEAR}",
    )
)
NUMBER = re.compile(r"(?:[0-9]{6}|[0-9]{8,16})(?:\.[0-9]+)?")
CALENDAR_NUMBERS = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Formats of calendar days and moments as plain numbers, by their digits."""
DAY_FIRST, MONTH_FIRST = ("%d", "%m"), ("%m", "%d")
LARGEST_MONTH = 12


@dataclass(frozen=True)
class FoundMomentFormat:
    """How the texts of a column write dates or timestamps."""

    format: str | None
    """As ``Column.format``; None for ISO 8601."""
    whole_days: bool
    """Whether every time of day is midnight: the column is one of dates."""
    is_number: bool
    """Whether the texts are plain numbers, which only the column's name tells from other numbers: seconds since 1970,
    or days such as 20240116."""
    ambiguous: str | None
    """What the texts do not decide, and how they are read; None if they decide."""
    evidence: str
    """Why the format, for a comment: ``month first: '10/18/23' has 18 in second place``."""


def find_moment_format(texts: Sequence[str]) -> FoundMomentFormat | None:
    """The one format in which all texts are dates or timestamps of plausible years; None if there is none.

    Args:
        texts: the distinct texts of a column, trimmed, without those for missing values.
    """
    if not texts:
        return None
    column = pa.array(texts, pa.string())
    if all(NUMBER.fullmatch(text) for text in texts):
        return _of_numbers(column)
    iso = _read(column, None)
    if iso is not None:
        return FoundMomentFormat(None, _whole_days(iso), False, None, f"ISO 8601, e.g. {texts[0]!r}")
    # The first texts rule out most candidates at little cost.
    candidates = [form for form in dict.fromkeys(_candidates(texts[0])) if _read(column.slice(0, 20), form) is not None]
    fitting = {form: found for form in candidates if (found := _read(column, form)) is not None}
    if not fitting:
        return None
    form, ambiguous, evidence = _decide(list(fitting), texts)
    return FoundMomentFormat(form, _whole_days(fitting[form]), False, ambiguous, evidence)


def _read(column: pa.Array, form: str | None, first_year: int = FIRST_YEAR) -> pa.Array | None:
    """The texts as timestamps; None unless all are of plausible years."""
    found = moments.timestamps(column, form)
    if found.null_count:
        return None
    extremes = pc.min_max(pc.year(found))
    return found if first_year <= extremes["min"].as_py() and extremes["max"].as_py() <= LAST_YEAR else None


def _of_numbers(column: pa.Array) -> FoundMomentFormat | None:
    lengths = {len(text) for text in column.to_pylist()}
    calendar = CALENDAR_NUMBERS.get(lengths.pop()) if len(lengths) == 1 else None
    known = [(form, FIRST_EPOCH_YEAR) for form in EPOCH_FORMATS]
    for form, first_year in [(calendar, FIRST_YEAR), *known] if calendar else known:
        found = _read(column, form, first_year)
        if found is not None:
            moment: datetime = found[0].as_py()
            evidence = f"{column[0].as_py()} is {moment:%Y-%m-%d %H:%M}"
            return FoundMomentFormat(form, _whole_days(found), True, None, evidence)
    return None


def _whole_days(found: pa.Array) -> bool:
    return bool(pc.all(pc.equal(pc.floor_temporal(found, unit="day"), found)).as_py())


def _candidates(text: str) -> Iterator[str]:
    """The formats that may read ``text``, the preferred first."""
    for date_format, rest in _date_formats(text):
        if not rest:
            yield date_format
            continue
        time = TIME.fullmatch(rest)
        if time is not None:
            yield date_format + _time_format(time)


def _date_formats(text: str) -> Iterator[tuple[str, str]]:
    """Formats of the date at the start of ``text``, each with what follows the date."""
    if found := NUMERIC.match(text):
        mark = found["mark"]
        for parts in _numeric_orders(found):
            yield mark.join(parts), text[found.end() :]
    elif found := MONTH_ONLY.fullmatch(text):
        for parts in (("%Y", "%m"), ("%m", "%Y")):
            yield found["mark"].join(parts), ""
    for order in NAMED:
        if found := order.match(text):
            yield from _named_formats(found, text[found.end() :])


def _numeric_orders(found: re.Match[str]) -> list[tuple[str, ...]]:
    if len(found["first"]) > 2:
        return [("%Y", "%m", "%d"), ("%Y", "%d", "%m")]
    if len(found["third"]) > 2:
        return [(*DAY_FIRST, "%Y"), (*MONTH_FIRST, "%Y")]
    return [(*DAY_FIRST, "%y"), (*MONTH_FIRST, "%y"), ("%y", "%m", "%d")]


def _named_formats(found: re.Match[str], rest: str) -> Iterator[tuple[str, str]]:
    codes = {"year": "%Y" if len(found["year"]) > 2 else "%y", "day": "%d"}
    for month in ("%b", "%B"):
        codes["month"] = month
        order = sorted((name for name in codes if found.groupdict().get(name)), key=found.start)
        form = codes[order[0]] + found["one"] + codes[order[1]]
        if len(order) > 2:
            form += found["two"] + codes[order[2]]
        if found["weekday"]:
            form = ("%a" if len(found["weekday"]) == 3 else "%A") + found["weekday_gap"] + form
        yield form, rest


def _time_format(time: re.Match[str]) -> str:
    form = time["gap"].replace("  ", " ") + ("%I:%M" if time["half"] else "%H:%M")
    if time["second"]:
        form += ":%S.%f" if time["fraction"] else ":%S"
    if time["half"]:
        form += f"{time['half_gap'][:1]}%p"
    if time["zone"]:
        form += time["zone_gap"][:1] + ("%Z" if time["zone"].strip() in ("UTC", "GMT") else "%z")
    return form


def _decide(fitting: list[str], texts: Sequence[str]) -> tuple[str, str | None, str]:
    """The format among those that read all texts, what is left open, and the evidence."""
    example = f"e.g. {texts[0]!r}"
    dates = [match for match in map(NUMERIC.match, texts) if match is not None]
    if not dates or fitting[0].startswith("%Y"):  # year, day, month is not written where the month may be second
        return fitting[0], None, example
    if len(fitting) == 1:
        return fitting[0], None, _why(fitting[0], dates) or example
    day_first = next((form for form in fitting if _order(form) == DAY_FIRST), None)
    month_first = next((form for form in fitting if _order(form) == MONTH_FIRST), None)
    if day_first is None or month_first is None:
        return fitting[0], f"several formats fit: {', '.join(fitting)}; read as {fitting[0]}", example
    firsts, seconds = {match["first"] for match in dates}, {match["second"] for match in dates}
    if len(firsts) == 1 < len(seconds):
        return day_first, None, f"day first: every date is of day {dates[0]['first']} of a month, {example}"
    if len(seconds) == 1 < len(firsts):
        return month_first, None, f"month first: every date is of day {dates[0]['second']} of a month, {example}"
    short = "%y" in fitting[0] or any(len(match[part]) == 1 for match in dates for part in ("first", "second"))
    # Spreadsheets in the United States write 1/6/24; elsewhere slashes stand between padded parts and full years.
    american = dates[0]["mark"] == "/" and short
    chosen, word, other = (month_first, "month", day_first) if american else (day_first, "day", month_first)
    ambiguous = f"no value has a part above 12: read with the {word} first; else set format: '{other}'"
    return chosen, ambiguous, f"{word} first, {example}"


def _order(form: str) -> tuple[str, ...]:
    """The codes of a numeric date but its year, for a year at the end; empty for any other."""
    codes = tuple(re.findall("%[dmyY]", form))
    return codes[:2] if codes[-1:] in (("%y",), ("%Y",)) else ()


def _why(form: str, dates: Sequence[re.Match[str]]) -> str | None:
    """The value that shows whether the day or the month is first."""
    word, place = ("day", "first") if _order(form) == DAY_FIRST else ("month", "second")
    telling = next((match for match in dates if _order(form) and int(match[place]) > LARGEST_MONTH), None)
    return None if telling is None else f"{word} first: {telling.string!r} has {telling[place]} in {place} place"
