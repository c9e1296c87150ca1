"""Names of inputs and outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serving.v2.answer import EXPLAINED, always, output_tensors
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError
from serving.v2.tensors import Tensor
from tenure import bundle
from tenure.contract import parse
from tenure.tasks import get


@pytest.fixture(scope="module")
def names(small_bundle: Any) -> ColumnNames:
    return ColumnNames(bundle.read(small_bundle.folder).contract)


@pytest.fixture
def row(small_bundle: Any) -> list[Tensor]:
    """A customer's whole row: key, label and sensitive columns included."""
    return [Tensor(name, "BYTES", [small_bundle.rows[name][0].as_py()]) for name in small_bundle.rows.column_names]


def test_what_the_model_does_not_take_is_left_out(names: ColumnNames, row: list[Tensor]) -> None:
    columns, rows, customers = names.columns(row)
    assert rows == 1
    assert customers == next(tensor.values for tensor in row if tensor.name == "customerID")
    assert {"customerID", "gender", "Churn"}.isdisjoint(columns)
    assert len(columns) == 18


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: [*row, Tensor("Tenure", "BYTES", ["1"])], "unknown input 'Tenure'; did you mean 'tenure'"),
        (lambda row: [*row, Tensor("x" * 10_000, "BYTES", ["1"])], r"unknown input 'x+\.\.\."),
        (lambda row: [*row, Tensor("line\nbreak", "BYTES", ["1"])], r"unknown input 'line\\nbreak'"),
        (lambda row: [*row, row[5]], "input 'tenure' is given twice"),
        (lambda row: [*row, row[0]], "input 'customerID' is given twice"),
        (lambda row: [tensor for tensor in row if tensor.name != "Contract"], "input 'Contract' is missing$"),
        (lambda row: row[:1], r"input 'SeniorCitizen' is missing \(and 17 more\)"),
        (lambda row: [*row[:-3], Tensor("MonthlyCharges", "FP64", [1.0, 2.0])], "'MonthlyCharges' has 2 rows"),
        (lambda row: [Tensor(tensor.name, "BYTES", []) for tensor in row], "no rows"),
    ],
)
def test_columns_that_do_not_fit(names: ColumnNames, row: list[Tensor], change: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        names.columns(change(row))
    assert "\n" not in str(caught.value)


def test_an_optional_column_may_be_absent() -> None:
    text = """
name: small
label: {positive: "1"}
columns:
  id: {type: string, role: key}
  left: {type: category, role: label}
  tenure: {type: integer}
  region: {type: category, required: false, default: north}
"""
    found = ColumnNames(parse(text)).columns([Tensor("tenure", "INT64", [1, 2])])
    assert found == ({"tenure": [1, 2]}, 2, None)


def test_a_contract_without_a_key_takes_none() -> None:
    text = """
name: small
key: row_number
label: {positive: "1"}
columns:
  left: {type: category, role: label}
  tenure: {type: integer}
"""
    names, tensor = ColumnNames(parse(text)), Tensor("tenure", "INT64", [1, 2])
    assert names.columns([tensor]) == ({"tenure": [1, 2]}, 2, None)
    with pytest.raises(RequestError, match="unknown input '_row'"):
        names.columns([tensor, Tensor("_row", "INT64", [1, 2])])


def test_outputs_in_the_requested_order(small_bundle: Any) -> None:
    loaded = bundle.read(small_bundle.folder)
    columns = {name: small_bundle.rows[name].to_pylist()[:3] for name in small_bundle.rows.column_names}
    columns["TotalCharges"], columns["MonthlyCharges"] = ["", "", "1"], ["", "1", "1"]
    prediction = loaded.predict(columns, explain=2)
    everything = {tensor.name: tensor for tensor in output_tensors(prediction, 2, None)}
    assert list(everything) == [*always(get("classification").outputs), *EXPLAINED]
    assert everything["imputed"].values == ["MonthlyCharges,TotalCharges", "TotalCharges", ""]
    assert everything["reasons"].shape == everything["contributions"].shape == [3, 2]
    assert everything["reasons"].values == [reason.column for row in prediction.reasons for reason in row]
    assert np.array(everything["contributions"].values).shape == (6,)

    two = output_tensors(prediction, 2, ["reasons", "band"])
    assert [tensor.name for tensor in two] == ["reasons", "band"]
    with pytest.raises(RequestError, match="no output 'bands'; the outputs are probability"):
        output_tensors(prediction, 2, ["bands"])
    with pytest.raises(RequestError, match="no output 'reasons': it needs the parameter 'explain'"):
        output_tensors(prediction, 0, ["reasons"])


def test_a_regression_answers_with_a_value_and_its_interval(small_value_bundle: Any) -> None:
    loaded = bundle.read(small_value_bundle.folder)
    columns = {name: small_value_bundle.rows[name].to_pylist()[:4] for name in small_value_bundle.rows.column_names}
    prediction = loaded.predict(columns, explain=1)
    outputs = {tensor.name: tensor for tensor in output_tensors(prediction, 1, None)}
    assert list(outputs) == [*always(get("regression").outputs), *EXPLAINED]
    low, value, high = (np.array(outputs[name].values) for name in ("value_low", "value", "value_high"))
    assert (low < value).all()
    assert (value < high).all()
    assert [outputs[name].datatype for name in ("value", "value_low", "value_high")] == ["FP64"] * 3
    assert np.array_equal(value, prediction.value)
    with pytest.raises(RequestError, match="no output 'probability'; the outputs are value, value_low, value_high"):
        output_tensors(prediction, 1, ["probability"])


def test_more_reasons_than_columns_are_filled_up(small_bundle: Any) -> None:
    loaded = bundle.read(small_bundle.folder)
    columns = {name: small_bundle.rows[name].to_pylist()[:1] for name in small_bundle.rows.column_names}
    tensors = {tensor.name: tensor for tensor in output_tensors(loaded.predict(columns, explain=100), 100, None)}
    assert len(tensors["reasons"].values) == len(tensors["contributions"].values) == 100
    assert (tensors["reasons"].values[-1], tensors["contributions"].values[-1]) == ("", 0.0)
