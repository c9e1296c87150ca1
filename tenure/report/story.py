"""The first screen of a report: the evaluation in words, for readers who are no statisticians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenure.business_text import assumption
from tenure.report.labels import FAMILIES
from tenure.report.units import tested

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Tile:
    """One number of the first screen."""

    label: str
    number: str
    detail: str


@dataclass(frozen=True)
class Story:
    """The first screen."""

    badge: str
    headline: str
    assumption: str | None
    """Which business values are defaults; stands before the first sum. None where the contract sets all."""
    why: str
    next_step: str
    tiles: tuple[Tile, ...]
    plainly: tuple[str, ...]
    """How good the model is, a sentence each."""


def tell(evaluation: Json, tiles: Sequence[Tile], sentences: Sequence[str]) -> Story:
    """The story of an evaluation, with the task's own tiles and sentences."""
    return Story(
        badge=badge(evaluation),
        headline=headline(evaluation),
        assumption=assumption(evaluation["business"]),
        why=evaluation["verdict"]["summary"],
        next_step=next_step(evaluation),
        tiles=tuple(tiles),
        plainly=tuple(sentences),
    )


def badge(evaluation: Json) -> str:
    """The verdict in a word."""
    return {"bless": "Blessed", "reject": "Rejected", "inconclusive": "Inconclusive"}[evaluation["verdict"]["state"]]


def headline(evaluation: Json) -> str:
    """The verdict for a reader who decides about the model."""
    state, champion = evaluation["verdict"]["state"], evaluation["champion"]
    if state == "reject":
        return "Do not use this model"
    if state == "inconclusive":
        return "Not shown to be good enough yet"
    if champion is None:
        return "Ready to use"
    if champion["identical"]:
        return "The same model that is live already"
    return "Better than the model that is live"


def next_step(evaluation: Json) -> str:
    """What happens next."""
    state, champion = evaluation["verdict"]["state"], evaluation["champion"]
    if state == "reject":
        return "It is not registered. The reasons below say what to look at first."
    if state == "inconclusive":
        return _if_inconclusive(evaluation)
    if champion is None:
        return "It is registered as the first version and becomes the champion."
    if champion["identical"]:
        return "Nothing new is registered."
    return f"It is registered as the challenger of version {champion['version']}, and goes live when it is promoted."


def _if_inconclusive(evaluation: Json) -> str:
    if evaluation["override"]:
        return f'A person decided to register it all the same: "{evaluation["override"]}"'
    champion = evaluation["champion"]
    if champion is not None and champion["unreadable"]:
        return "It is not registered. Bring the champion's files back, or override with a reason put on record."
    more = "rows" if evaluation.get("cross_fitting") else "test rows"
    return f"It is not registered. More {more} may settle it; a person can override, with a reason put on record."


def choice(evaluation: Json) -> str:
    """How the model was chosen, and on whom it was measured."""
    tried, family, rows = len(evaluation["families"]), evaluation["chosen"]["family"], tested(evaluation)
    if evaluation.get("cross_fitting"):
        return f"All figures here are from all {rows} of the table, each predicted by models that had never seen it."
    if tried == 1:
        return f"All figures here are from {rows} that the model had never seen."
    return (
        f"{FAMILIES.get(family, family)} was chosen among {tried} families of models before the test rows were looked"
        f" at; all figures here are from {rows} it had never seen."
    )
