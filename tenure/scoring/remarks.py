"""What a reader must know of a scoring run besides its scores: rejected rows, repeated keys, values that the model did
not take as they stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.business_text import DECISIONS, assumption
from tenure.contract import Contract

REJECTED_HEADERS = ("rejected because", ">rows", "first")
INPUT_HEADERS = ("column", "values", ">rows", "most frequent")

Row = tuple[str, ...]


@dataclass(frozen=True)
class Remarks:
    """Sentences, and tables of as many cells a row as there are headers."""

    sentences: tuple[str, ...]
    rejected: tuple[Row, ...]
    """Under ``REJECTED_HEADERS``."""
    inputs: tuple[Row, ...]
    """Under ``INPUT_HEADERS``."""

    @classmethod
    def of(cls, summary: Mapping[str, Any], contract: Contract) -> Remarks:
        """
        Args:
            summary: of the run, as in ``summary.json``.
            contract: of the model.
        """
        sentences = list(summary["notes"])
        repeats = summary["repeated_keys"]
        if repeats["rows"]:
            sentences.append(
                f"{_rows(repeats['rows'])} the '{contract.key_column}' of an earlier row, the first with "
                f"'{repeats['first']}': every row has a score of its own"
            )
        assumed = assumption(_business(contract), DECISIONS)
        if assumed is not None:
            sentences.append(assumed)
        rejected = [
            (reason, f"{count:,}", summary["first_rejected"][reason]) for reason, count in summary["reasons"].items()
        ]
        inputs = [
            (name, "unknown", f"{found['rows']:,}", _most_frequent(found)) for name, found in summary["unknown"].items()
        ]
        inputs += [(name, "out of range, clipped", f"{count:,}", "") for name, count in summary["out_of_range"].items()]
        for name, count in summary["imputed"].items():
            what = "missing, imputed" if contract.inputs[name].nullable else "missing (not nullable), imputed"
            inputs.append((name, what, f"{count:,}", ""))
        return cls(tuple(sentences), tuple(rejected), tuple(inputs))


def _business(contract: Contract) -> dict[str, Any]:
    """Those of the contract's business values that it does not set, as ``business`` of ``evaluation.json``."""
    business, defaults = contract.business, contract.default_business_values
    values = {name: business.contact_limit if name == "contacts" else getattr(business, name) for name in defaults}
    return {"currency": business.currency, "period": business.period, "defaults": defaults, **values}


def _rows(count: int) -> str:
    return "1 row repeats" if count == 1 else f"{count:,} rows repeat"


def _most_frequent(unknown: Mapping[str, Any]) -> str:
    named = [f"'{value}' {count:,}" for value, count in unknown["values"].items()]
    others = unknown["rows"] - sum(unknown["values"].values())
    return ", ".join([*named, f"others {others:,}"] if others else named)
