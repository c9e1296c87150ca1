"""The units of work that a search is divided into, and which worker does which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.training.families import get

SHARD_TRIALS = 25
"""Most trials of one study. A family with more gets several studies, that workers do side by side; how many does not
depend on the workers, or the result would."""


@dataclass(frozen=True)
class Unit:
    """One study: some of the trials of one family, done one after the other."""

    family: str
    shard: int
    trials: int


def units(families: Sequence[str], trials: int) -> list[Unit]:
    """All units of a search with ``trials`` trials a family, evenly divided, in the families' order."""
    shards = -(-trials // SHARD_TRIALS)
    return [
        Unit(family, shard, trials // shards + (shard < trials % shards))
        for family in families
        for shard in range(shards)
    ]


def share_of(worker: int, workers: int, work: Sequence[Unit]) -> list[Unit]:
    """The units of one of ``workers`` workers: longest first, each to the worker with the least work so far."""
    load = [0.0] * workers
    mine = []
    for unit in sorted(work, key=lambda unit: -get(unit.family).cost * unit.trials):
        least = load.index(min(load))
        load[least] += get(unit.family).cost * unit.trials
        if least == worker:
            mine.append(unit)
    return mine
