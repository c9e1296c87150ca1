"""What a transform has learnt from the training part, as data classes that become JSON and back exactly."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from tenure.contract import Column
from tenure.contract.expression import Expression, parse
from tenure.contract.values import ExpressionType
from tenure.errors import BundleError

FORMAT = 1

Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Input:
    """A raw column that the transform reads."""

    name: str
    column: Column
    fences: Limits | None = None
    """Where outliers are clipped to, if the contract says so: Tukey's outer fences of the training part."""

    @property
    def type(self) -> ExpressionType:
        if self.column.is_text:
            return "text"
        if self.column.is_temporal:
            return "date"
        return "boolean" if self.column.type == "boolean" else "number"


@dataclass(frozen=True)
class Number:
    """How a number or boolean is encoded: as it is, missing ones filled in."""

    name: str
    impute: float
    """Median of the training part; of a boolean the more frequent value."""
    missing_flag: bool
    """Whether there is a feature that says where it was missing: if it was in the training part."""


@dataclass(frozen=True)
class Category:
    """How a text is encoded: one feature a value, and one for all values that have none."""

    name: str
    values: tuple[str, ...]
    missing_flag: bool
    """Whether missing has a feature of its own: if it was met in the training part."""
    impute: str | None
    """The most frequent value, taken for a missing one where missing has no feature; None if there is none."""


Encoding = Number | Category


@dataclass(frozen=True)
class Feature:
    """One column of the encoded matrix."""

    name: str
    source: str
    """The input or derived feature it is made from."""
    kind: Literal["number", "missing", "category", "unknown"]
    """``unknown`` is for all texts that have no feature of their own, rare ones and new ones."""
    value: str | None = None
    """The text that a ``category`` feature stands for."""


@dataclass(frozen=True)
class State:
    """All that a transform is; order matters."""

    inputs: tuple[Input, ...]
    derived: tuple[tuple[str, str], ...]
    """Names and expressions; each may refer to inputs and to those before it."""
    encodings: tuple[Encoding, ...]

    def expressions(self) -> dict[str, Expression]:
        """The derived features, parsed; raises ValueError if one does not hold."""
        known: dict[str, ExpressionType] = {entry.name: entry.type for entry in self.inputs}
        found: dict[str, Expression] = {}
        for name, text in self.derived:
            found[name] = parse(text, known)
            known[name] = found[name].type
        return found

    def features(self) -> tuple[Feature, ...]:
        """The encoded matrix's columns, in order."""
        found: list[Feature] = []
        for encoding in self.encodings:
            name = encoding.name
            if isinstance(encoding, Number):
                found.append(Feature(name, name, "number"))
            else:
                found += [Feature(f"{name} = {value}", name, "category", value) for value in encoding.values]
                found.append(Feature(f"{name} unknown", name, "unknown"))
            if encoding.missing_flag:
                found.append(Feature(f"{name} missing", name, "missing"))
        return tuple(found)

    def to_json(self) -> str:
        document = {
            "format": FORMAT,
            "inputs": [_input_to(entry) for entry in self.inputs],
            "derived": [{"name": name, "expression": text} for name, text in self.derived],
            "encodings": [_encoding_to(encoding) for encoding in self.encodings],
        }
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> State:
        """
        Raises:
            BundleError: ``text`` is no state of a transform of this format.
        """
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise BundleError(f"transform: format {document['format']!r}, this version reads {FORMAT}")
            state = cls(
                inputs=tuple(_input_from(entry) for entry in document["inputs"]),
                derived=tuple((str(entry["name"]), str(entry["expression"])) for entry in document["derived"]),
                encodings=tuple(_encoding_from(entry) for entry in document["encodings"]),
            )
            state.check()
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ValidationError) as error:
            what = str(error).splitlines()[0] if str(error) else "no state of a transform"
            raise BundleError(f"transform: {type(error).__name__}: {what}") from None
        return state

    def check(self) -> None:
        """Raises ValueError unless every encoding has a source of its type."""
        types: dict[str, ExpressionType] = {entry.name: entry.type for entry in self.inputs}
        types.update({name: expression.type for name, expression in self.expressions().items()})
        if len(types) < len(self.inputs) + len(self.derived):
            raise ValueError("a name stands twice")
        for encoding in self.encodings:
            wanted = ("text",) if isinstance(encoding, Category) else ("number", "boolean")
            if types.get(encoding.name) not in wanted:
                raise ValueError(f"'{encoding.name}' is no {' or '.join(wanted)}")


def _input_to(entry: Input) -> dict[str, Any]:
    found = {"name": entry.name, "column": entry.column.model_dump(mode="json", exclude_defaults=True)}
    return found if entry.fences is None else {**found, "fences": list(entry.fences)}


def _input_from(entry: dict[str, Any]) -> Input:
    fences = entry.get("fences")
    if fences is not None:
        low, high = fences
        fences = (_float(low), _float(high))
    return Input(str(entry["name"]), Column.model_validate(entry["column"]), fences)


def _encoding_to(encoding: Encoding) -> dict[str, Any]:
    if isinstance(encoding, Number):
        return {"name": encoding.name, "impute": encoding.impute, "missing_flag": encoding.missing_flag}
    return {
        "name": encoding.name,
        "values": list(encoding.values),
        "impute": encoding.impute,
        "missing_flag": encoding.missing_flag,
    }


def _encoding_from(entry: dict[str, Any]) -> Encoding:
    name, flag, impute = str(entry["name"]), bool(entry["missing_flag"]), entry["impute"]
    if "values" not in entry:
        return Number(name, _float(impute), flag)
    values = tuple(str(value) for value in entry["values"])
    if impute is not None and impute not in values:
        raise ValueError(f"'{name}' is filled with {impute!r}, which is none of its values")
    return Category(name, values, flag, impute)


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
