"""A bundle under the name by which clients ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from serving.tables.computation import Computation
from serving.tables.described import SEPARATOR
from serving.v2.answer import EXPLAINED, always
from serving.v2.columns import ColumnNames
from serving.v2.errors import RequestError
from serving.v2.grpc_one_row import grpc_writer
from serving.v2.one_row import OneRowReader, rest_writer
from serving.v2.query import Query
from serving.v2.request import Request
from serving.v2.table_tensors import divided
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
        today: returns the day of a request that names none; by default the current one, where days begin at midnight
            in UTC, or with tables in the contract's zone.
    """

    def __init__(self, name: str, bundle: Bundle, today: Callable[[], date] | None = None) -> None:
        self.name = name
        self.bundle = bundle
        self.uses_today = bundle.contract.uses_today
        self._today = today
        self.names = ColumnNames(bundle.contract)
        self.added = bundle.added_columns
        described = self.names.tables
        self._computation = None if described is None else Computation(described)
        self._zone = "UTC" if described is None else described.assembly.zone
        self.one_row = OneRowReader(bundle.contract)
        self.one_row_writer = rest_writer(name, bundle)
        self.one_row_message_writer = grpc_writer(name, bundle, in_binary=False)
        self.one_row_binary_writer = grpc_writer(name, bundle, in_binary=True)

    def query(self, request: Request) -> Query:
        """The query of a request to this model.

        Raises:
            RequestError: the request's columns are not those of the contract.
        """
        described, tables = self.names.tables, request.tables
        if described is not None and not tables:
            request = divided(request, described)
            tables = request.tables
        elif described is None and request.options.as_of is not None:
            raise RequestError(
                f"parameter 'as_of' is for models whose inputs are computed from tables; those of '{self.name}' are not"
            )
        options = request.options
        if request.outputs is not None and not self.added.keys().isdisjoint(request.outputs):
            options = replace(options, additions=True)
        computed = described.inputs_of(tables) if described is not None and tables else ()
        columns, rows, customers = self.names.columns(request.tensors, computed=computed, rows=request.rows)
        if tables and TODAY_COLUMN in columns:
            raise RequestError(
                f"input '{TODAY_COLUMN}' is for ready inputs: with the rows of tables the day is that of 'as_of'"
            )
        return Query(columns, rows, options, request.outputs, request.id, customers, tables or None)

    def computed(self, query: Query) -> Query:
        """``query`` with the inputs that are computed from its tables, and the day; takes milliseconds.

        Raises:
            RequestError: a row of a table is invalid, a customer does not exist yet at the instant, or ``as_of`` is
                not one, or lies in the far future.
        """
        assert self._computation is not None and query.tables is not None  # noqa: S101 a query has tables then
        instant = self._instant(query.options.as_of)
        found = self._computation.compute(query.tables, query.rows, instant)
        columns = query.columns | found.inputs
        if self.uses_today:
            columns[TODAY_COLUMN] = [self._local_day(instant)] * query.rows
        return query._replace(columns=columns, tables=None, left_out=found)

    def dated(self, query: Query) -> Query:
        """``query`` with the day of each row, for a model with ``uses_today``.

        The clock is read once, so that a day that begins divides no request. The column is a list of dates: the cache
        and the prediction log hold it as the model saw it.

        Raises:
            RequestError: a day in the request is not a date.
        """
        try:
            days = days_of(self.bundle.contract, query.columns, self._day(query.options.as_of))
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
            found = self.bundle.predict(
                query.columns,
                explain=options.explain,
                threshold=options.threshold,
                additions=options.additions,
            )
        except InputError as error:
            raise RequestError(str(error)) from error
        if query.left_out is not None:
            found.unknown |= query.left_out.unknown
            found.out_of_range |= query.left_out.out_of_range
        return found

    def _instant(self, as_of: str | None) -> int:
        """The instant that a request names; the current one for None.

        Raises:
            RequestError: it is not one, or lies in the far future.
        """
        from tenure.features.instant_given import check_ahead, read_as_of

        try:
            instant = read_as_of(as_of, self._zone)
            check_ahead(instant, self._zone)
        except InputError as error:
            raise RequestError(f"'as_of': {error}") from error
        return instant

    def _local_day(self, instant: int) -> date:
        from tenure.features.instants import local

        return local(instant, self._zone).date()

    def _day(self, as_of: str | None) -> date:
        """The day of rows that name none."""
        if as_of is not None:
            return self._local_day(self._instant(as_of))
        if self._today is not None:
            return self._today()
        return utc_day() if self._zone == "UTC" else self._local_day(self._instant(None))

    def input_types(self) -> list[dict[str, Any]]:
        """Name, datatype and shape of every input, and of the columns of the day, as V2's model metadata.

        Behind them those of the tables from which inputs are computed, which may be sent in their place.
        """
        return [
            {"name": name, "datatype": _datatype(column), "shape": [-1]}
            for name, column in (self.bundle.contract.accepted | self.table_columns()).items()
        ]

    def table_columns(self) -> dict[str, Column]:
        """The columns of tables that may be sent in place of inputs, by the name of their tensor."""
        described = self.names.tables
        tables = {} if described is None else described.columns
        return {
            f"{table}{SEPARATOR}{name}": column for table, columns in tables.items() for name, column in columns.items()
        }

    def output_types(self) -> list[dict[str, Any]]:
        """Name, datatype and shape of every output, as V2's model metadata.

        Those of additions are last: an answer has them only if the request names them.
        """
        plain = always(get(self.bundle.contract.task).outputs)
        outputs = [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in plain.items()]
        outputs += [{"name": name, "datatype": kind, "shape": [-1, -1]} for name, kind in EXPLAINED.items()]
        return outputs + [
            {"name": name, "datatype": column.datatype, "shape": [-1]} for name, column in self.added.items()
        ]


def _datatype(column: Column) -> str:
    # An integer that may be missing has no INT64 form: its missing value is NaN.
    if column.type == "integer" and column.nullable:
        return "FP64"
    return "FP64" if column.is_epoch else _DATATYPES.get(column.type, "BYTES")
