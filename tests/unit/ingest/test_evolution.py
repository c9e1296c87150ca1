"""Columns that come and go."""

from __future__ import annotations

import pytest

from tenure.contract import parse
from tenure.errors import DataError
from tenure.intake.evolution import reconcile

CONTRACT = parse(
    """
name: t
label: {positive: "1"}
slices: [region]
columns:
  id: {type: string, role: key}
  TotalCharges: {type: number}
  visits: {type: integer, required: false, default: 0}
  region: {type: category, role: ignored}
  note: {type: string, role: ignored}
  left: {type: boolean, role: label}
"""
)
ALL = ["left", "id", "TotalCharges", "visits", "region", "note"]


def test_the_contracts_columns_in_its_order_and_no_ignored_ones_without_a_use() -> None:
    found = reconcile(CONTRACT, ALL, "t.csv")
    assert found.present == ("id", "TotalCharges", "visits", "region", "left")
    assert (found.extra, found.defaulted) == ((), ())


def test_new_columns_are_named_and_left_out() -> None:
    assert reconcile(CONTRACT, [*ALL, "new", "newer"], "t.csv").extra == ("new", "newer")


def test_an_optional_column_may_be_missing() -> None:
    found = reconcile(CONTRACT, [name for name in ALL if name != "visits"] + ["Visits "], "t.csv")
    assert found.defaulted == ("visits",)
    assert found.similar == {"visits": "Visits "}


@pytest.mark.parametrize("misspelt", ["Total Charges", "total_charges", "TotalCharge", "TOTALCHARGES"])
def test_a_missing_required_column_stops_and_says_what_it_may_be_called(misspelt: str) -> None:
    names = [misspelt if name == "TotalCharges" else name for name in ALL]
    with pytest.raises(DataError) as caught:
        reconcile(CONTRACT, names, "t.csv")
    assert str(caught.value) == f"t.csv lacks the required column 'TotalCharges' (is it '{misspelt}'?)"


def test_every_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"t\.csv lacks 2 required columns: 'TotalCharges', 'left'$"):
        reconcile(CONTRACT, ["id", "visits", "region", "other"], "t.csv")
