"""The day of each row that a model is trained on: the row's time, the cut, or ``as_of``; never the clock."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from tenure.contract import parse
from tenure.features.rows import of_table
from tenure.features.today import with_today

TABLE = """\
name: one
{top}
label: {{positive: "1"}}
columns:
  id: {{type: string, role: key}}
  {time}
  joined: {{type: date}}
  months: {{type: integer}}
  left: {{type: boolean, role: label}}
derived:
  days: {{expression: '{expression}', reason: r}}
"""
LOG = """\
name: log
label: {horizon_days: 30}
events: {cuts: [2026-01-31, 2026-03-31], active_days: 30}
columns:
  id: {type: string, role: key}
  day: {type: date, role: time}
windows:
  orders: {aggregate: count, reason: r}
derived:
  season: {expression: month(today()), reason: r}
"""
TODAY = "days_between(joined, today())"


def contract(expression=TODAY, top="", time=""):
    return parse(TABLE.format(expression=expression, top=top, time=time))


def rows(**columns):
    return of_table(pa.table({"months": [1, 2], **columns}))


def days(found, columns):
    return pa.Table.from_batches(found.batches(columns)).column("_today").to_pylist()


def test_the_time_of_a_row_is_its_day():
    moments = pa.array(np.array(["2026-01-31T23:59", "1969-12-31T01:00"], "datetime64[us]"))
    found = with_today(contract(time="looked: {type: timestamp, role: time}"), rows(looked=moments))
    expected = [date(2026, 1, 31), date(1969, 12, 31)]
    assert days(found, None) == days(found, ["_today"]) == days(found, ["_today", "looked"]) == expected
    assert next(found.batches(["months", "_today"])).schema.names == ["months", "_today"]
    assert next(found.batches(["months"])).schema.names == ["months"]
    assert next(found.batches(None)).schema.names == ["months", "looked", "_today"]


def test_rows_without_time_are_as_of_a_day():
    found = with_today(contract(top="as_of: 2026-11-30"), rows())
    assert days(found, ["months", "_today"]) == [date(2026, 11, 30)] * 2


def test_a_snapshot_is_of_its_cut():
    cuts = pa.array([date(2026, 1, 31), date(2026, 3, 31)])
    assert days(with_today(parse(LOG), rows(cut=cuts)), None) == [date(2026, 1, 31), date(2026, 3, 31)]


def test_a_table_of_a_day_has_it_for_a_champion_too():
    plain = "months + 1 + month(joined)"
    table = rows()
    assert days(with_today(contract(plain, top="as_of: 2026-11-30"), table), None) == [date(2026, 11, 30)] * 2
    assert with_today(contract(plain, time="looked: {type: date, role: time}"), table) is table
