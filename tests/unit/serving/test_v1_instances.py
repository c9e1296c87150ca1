"""V1's customers whose keys differ."""

from __future__ import annotations

from typing import Any

import pytest

from serving.v1.instances import tensors_of
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError
from tenure.contract import parse

CONTRACT = """
name: shop
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  left: {type: category, role: label}
  visits: {type: integer}
  spent: {type: number, nullable: true}
  region: {type: category, required: false, default: north}
"""


@pytest.fixture(scope="module")
def names() -> ColumnNames:
    return ColumnNames(parse(CONTRACT))


def read(names: ColumnNames, *instances: Any) -> dict[str, list[Any]]:
    return {tensor.name: list(tensor.values) for tensor in tensors_of(list(instances), names)}


def test_columns_that_may_be_missing(names: ColumnNames) -> None:
    found = read(
        names,
        {"visits": 1},
        {"visits": 2, "spent": 2.5, "id": "b"},
        {"region": "south", "visits": 3, "left": "x", "spent": None},
    )
    assert found == {
        "visits": [1, 2, 3],
        "spent": [None, 2.5, None],
        "id": [None, "b", None],
        "region": [None, None, "south"],
        "left": [None, None, "x"],
    }


def test_the_order_of_keys_does_not_matter(names: ColumnNames) -> None:
    assert read(names, {"visits": 1, "spent": 2}, {"spent": 4, "visits": 3}) == {"visits": [1, 3], "spent": [2, 4]}


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        ([{"visits": 1, "spent": 1}, {"spent": 2}], "instance 2 lacks 'visits', unlike instance 1"),
        ([{"spent": 1}, {"spent": 2}, {"visits": 1, "spent": 2}], "instance 1 lacks 'visits', unlike instance 3"),
        ([{}, {"visits": 1}], "instance 1 lacks 'visits', unlike instance 2"),
        ([{"visits": 1}, {"visits": 1, "x": 1}], "instance 2 has 'x', unlike instance 1"),
        ([{"visits": 1, "x": 1}, {"visits": 1}], "instance 2 lacks 'x', unlike instance 1"),
        ([{"visits": 1}, {"visits": 1, "spent": []}], "instance 2: 'spent' is [], not one text, number or null"),
        ([{"visits": 1}, 5], "instance 2 is 5, not a JSON object"),
        ([{}, {}], "instance 1 has no columns"),
        ([], "'instances' is missing or empty"),
    ],
)
def test_columns_that_may_not_be_missing(names: ColumnNames, instances: list[Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        tensors_of(instances, names)
    assert message in str(caught.value)
