"""The fitted state of a transform, as data classes that are written to JSON and read back exactly."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from tenure.contract import Column
from tenure.contract.expression import Expression, parse
from tenure.contract.values import TODAY_COLUMN, ExpressionType
from tenure.errors import BundleError
from tenure.transform.imputation import Imputer
from tenure.transform.imputer_json import imputer_from, imputer_to
from tenure.transform.target_statistics import LARGEST, Target

FORMAT = 2
"""The format that is written. Format 1, without rare values, target statistics and imputers, can still be read."""
READ_FORMATS = (1, 2)

MAX_VALUES = 100_000
"""Texts of one encoding that are read."""

Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Input:
    """A raw column that the transform reads."""

    name: str
    column: Column
    fences: Limits | None = None
    """Limits to which outliers are clipped, if the contract sets it: Tukey's outer fences of the training part."""

    @property
    def type(self) -> ExpressionType:
        if self.column.is_text:
            return "text"
        if self.column.is_temporal:
            return "date"
        return "boolean" if self.column.type == "boolean" else "number"


@dataclass(frozen=True)
class Number:
    """The encoding of a number or boolean: its value, with missing ones imputed."""

    name: str
    impute: float
    """Median of the training part; of a boolean the more frequent value."""
    missing_flag: bool
    """Whether a feature flags missing values: if ``rare_levels.min_rows`` of the training part were missing."""


@dataclass(frozen=True)
class Category:
    """The encoding of a text: one feature for each value, and one for all other values."""

    name: str
    values: tuple[str, ...]
    missing_flag: bool
    """Whether missing values have a feature of their own: if ``rare_levels.min_rows`` of the training part were
    missing."""
    impute: str | None
    """The most frequent value, which replaces missing ones that have no feature; None without values."""
    rare: tuple[str, ...] = ()
    """Values of the training part that share the feature of all other values, sorted; at most
    ``rare_levels.MAX_LISTED``."""


Encoding = Number | Category | Target


@dataclass(frozen=True)
class Feature:
    """One column of the encoded matrix."""

    name: str
    source: str
    """The input or derived feature it is made from."""
    kind: Literal["number", "missing", "category", "unknown", "target"]
    """``unknown`` is for all texts without a feature of their own, rare ones and new ones; ``target`` is the smoothed
    mean of the label among rows with the same text."""
    value: str | None = None
    """The text of a ``category`` feature."""


@dataclass(frozen=True)
class State:
    """The complete state of a transform; order matters."""

    inputs: tuple[Input, ...]
    derived: tuple[tuple[str, str], ...]
    """Names and expressions; each may refer to inputs and to earlier ones."""
    encodings: tuple[Encoding, ...]
    imputers: tuple[Imputer, ...] = ()
    """Of some numbers, in place of their medians."""

    def expressions(self) -> dict[str, Expression]:
        """The derived features, parsed; raises ValueError if one is invalid."""
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
            if isinstance(encoding, Target):
                found.append(Feature(f"{name} mean label", name, "target"))
                continue
            if isinstance(encoding, Number):
                found.append(Feature(name, name, "number"))
            else:
                found += [Feature(f"{name} = {value}", name, "category", value) for value in encoding.values]
                found.append(Feature(f"{name} unknown", name, "unknown"))
            if encoding.missing_flag:
                found.append(Feature(f"{name} missing", name, "missing"))
        return tuple(found)

    def to_json(self) -> str:
        document: dict[str, Any] = {
            "format": FORMAT,
            "inputs": [_input_to(entry) for entry in self.inputs],
            "derived": [{"name": name, "expression": text} for name, text in self.derived],
            "encodings": [_encoding_to(encoding) for encoding in self.encodings],
        }
        if self.imputers:
            document["imputers"] = [imputer_to(imputer) for imputer in self.imputers]
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> State:
        """
        Raises:
            BundleError: ``text`` is no state of a transform of this format.
        """
        try:
            document = json.loads(text)
            if document["format"] not in READ_FORMATS:
                raise BundleError(f"transform: format {document['format']!r}, this version reads 1 to {FORMAT}")
            state = cls(
                inputs=tuple(_input_from(entry) for entry in document["inputs"]),
                derived=tuple((str(entry["name"]), str(entry["expression"])) for entry in document["derived"]),
                encodings=tuple(_encoding_from(entry) for entry in document["encodings"]),
            )
            state = replace(state, imputers=_imputers_from(document.get("imputers", []), state))
            state.check()
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ValidationError) as error:
            what = str(error).splitlines()[0] if str(error) else "no state of a transform"
            raise BundleError(f"transform: {type(error).__name__}: {what}") from None
        return state

    def check(self) -> None:
        """Raises ValueError unless every encoding has a source of its type."""
        types: dict[str, ExpressionType] = {entry.name: entry.type for entry in self.inputs}
        expressions = self.expressions()
        types.update({name: expression.type for name, expression in expressions.items()})
        if len(types) < len(self.inputs) + len(self.derived):
            raise ValueError("a name occurs twice")
        for name, expression in expressions.items():
            if TODAY_COLUMN in expression.columns and types.get(TODAY_COLUMN) != "date":
                raise ValueError(f"'{name}' depends on the day, which is not an input")
        for encoding in self.encodings:
            wanted = ("number", "boolean") if isinstance(encoding, Number) else ("text",)
            if types.get(encoding.name) not in wanted:
                raise ValueError(f"'{encoding.name}' is not a {' or '.join(wanted)}")


def _imputers_from(entries: Any, state: State) -> tuple[Imputer, ...]:
    numbers = {encoding.name for encoding in state.encodings if isinstance(encoding, Number)}
    if not isinstance(entries, list) or len(entries) > len(numbers):
        raise ValueError("'imputers' is not a list of imputers")
    found = tuple(imputer_from(entry, numbers) for entry in entries)
    targets = [name for imputer in found for name in imputer.targets]
    if len(set(targets)) < len(targets):
        raise ValueError("a number has two imputers")
    return found


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
    rare = {"rare": list(encoding.rare)} if encoding.rare else {}
    if isinstance(encoding, Category):
        return {
            "name": encoding.name,
            "values": list(encoding.values),
            "impute": encoding.impute,
            "missing_flag": encoding.missing_flag,
            **rare,
        }
    return {
        "name": encoding.name,
        "means": dict(zip(encoding.values, encoding.means, strict=True)),
        "other": encoding.other,
        "missing": encoding.missing,
        "prior": encoding.prior,
        "strength": encoding.strength,
        **rare,
    }


def _encoding_from(entry: dict[str, Any]) -> Encoding:
    if "means" in entry:
        return _target_from(entry)
    name, flag, impute = str(entry["name"]), bool(entry["missing_flag"]), entry["impute"]
    if "values" not in entry:
        return Number(name, _float(impute), flag)
    values, rare = _texts(entry, "values"), _texts(entry, "rare")
    _check_distinct(name, values + rare)
    if impute is not None and impute not in values:
        raise ValueError(f"'{name}' is imputed with {impute!r}, which is not one of its values")
    return Category(name, values, flag, impute, rare)


def _target_from(entry: dict[str, Any]) -> Target:
    name, means, strength = str(entry["name"]), entry["means"], entry["strength"]
    values, rare = tuple(str(value) for value in means), _texts(entry, "rare")
    _check_distinct(name, values + rare)
    if strength is not None and _float(strength) < 0.0:
        raise ValueError(f"'{name}' has the negative strength {strength}")
    other, missing, prior = (_mean(entry[key]) for key in ("other", "missing", "prior"))
    return Target(name, values, tuple(_mean(mean) for mean in means.values()), other, missing, prior, strength, rare)


def _texts(entry: dict[str, Any], key: str) -> tuple[str, ...]:
    found = entry.get(key, [])
    if not isinstance(found, list):
        raise TypeError(f"'{key}' is not a list")
    return tuple(str(value) for value in found)


def _check_distinct(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MAX_VALUES:
        raise ValueError(f"'{name}' has {len(values):,} values, at most {MAX_VALUES:,} are read")
    if len(set(values)) < len(values):
        raise ValueError(f"a value of '{name}' occurs twice")


def _mean(value: object) -> float:
    """A number that float32 can hold."""
    found = _float(value)
    if abs(found) > LARGEST:
        raise ValueError(f"{value!r} is too large for a feature")
    return found


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
