"""A bundle under the name by which clients ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from serving.v2.answer import EXPLAINED, always
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError
from serving.v2.grpc_one_row import grpc_writer
from serving.v2.one_row import OneRowReader, rest_writer
from serving.v2.query import Query
from serving.v2.request import Request
from tenure.bundle import Bundle, Prediction
from tenure.contract import Column
from tenure.contract.values import TODAY_COLUMN
from tenure.errors import InputError
from tenure.tasks import get
from tenure.transform import days_of, utc_day

_DATATYPES = {"integer": "INT64", "number": "FP64", "boolean": "BOOL"}


class ChurnModel:
    """Answers V2 requests of named columns from a bundle.

    Args:
        name: by which clients ask for it.
        bundle: which predicts.
        today: returns the day of a request that names none.
    """

    def __init__(self, name: str, bundle: Bundle, today: Callable[[], date] = utc_day) -> None:
        self.name = name
        self.bundle = bundle
        self.uses_today = bundle.contract.uses_today
        self._today = today
        self.names = ColumnNames(bundle.contract)
        self.one_row = OneRowReader(bundle.contract)
        self.one_row_writer = rest_writer(name, bundle)
        self.one_row_message_writer = grpc_writer(name, bundle, in_binary=False)
        self.one_row_binary_writer = grpc_writer(name, bundle, in_binary=True)

    def query(self, request: Request) -> Query:
        """The query of a request to this model.

        Raises:
            RequestError: the request's columns are not those of the contract.
        """
        columns, rows, customers = self.names.columns(request.tensors)
        return Query(columns, rows, request.options, request.outputs, request.id, customers)

    def dated(self, query: Query) -> Query:
        """``query`` with the day of each row, for a model with ``uses_today``.

        The clock is read once, so that a day that begins divides no request. The column is a list of dates: the cache
        and the prediction log hold it as the model saw it.

        Raises:
            RequestError: a day in the request is not a date.
        """
        try:
            days = days_of(self.bundle.contract, query.columns, self._today())
        except InputError as error:
            raise RequestError(str(error)) from error
        return query._replace(columns={**query.columns, TODAY_COLUMN: days.to_pylist()})

    def predict_query(self, query: Query) -> Prediction:
        """Predict; safe on any thread.

        Raises:
            RequestError: a value is invalid by the contract.
        """
        options = query.options
        try:
            return self.bundle.predict(query.columns, explain=options.explain, threshold=options.threshold)
        except InputError as error:
            raise RequestError(str(error)) from error

    def input_types(self) -> list[dict[str, Any]]:
        """Name, datatype and shape of every input, and of the columns of the day, as V2's model metadata."""
        return [
            {"name": name, "datatype": _datatype(column), "shape": [-1]}
            for name, column in self.bundle.contract.accepted.items()
        ]

    def output_types(self) -> list[dict[str, Any]]:
        """Name, datatype and shape of every output, as V2's model metadata."""
        plain = always(get(self.bundle.contract.task).outputs)
        outputs = [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in plain.items()]
        return outputs + [{"name": name, "datatype": kind, "shape": [-1, -1]} for name, kind in EXPLAINED.items()]


def _datatype(column: Column) -> str:
    # An integer that may be missing has no INT64 form: its missing value is NaN.
    if column.type == "integer" and column.nullable:
        return "FP64"
    return "FP64" if column.is_epoch else _DATATYPES.get(column.type, "BYTES")
