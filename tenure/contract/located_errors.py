"""Errors at a location of the contract's document, from which their line is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from tenure.contract.document import Location


def error_at(location: Location, message: str, value: object = None) -> ValidationError:
    """An error at a location in the document: keys and indices, from the outermost."""
    details = InitErrorDetails(
        type=PydanticCustomError("value_error", "{error}", {"error": message}), loc=location, input=value
    )
    return ValidationError.from_exception_data("Contract", [details])


@contextmanager
def located(location: Location) -> Iterator[None]:
    """Give a ``ValueError`` raised inside the location; a ``ValidationError`` has its own."""
    try:
        yield
    except ValidationError:
        raise
    except ValueError as error:
        raise error_at(location, str(error)) from None
