"""Blocks that a model can do without: constant, or equal to another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from tenure.features.reduction.blocks import Block
from tenure.features.reduction.likeness import are_equal, correlation

Reason = Literal["constant", "rare values", "equal", "correlated", "adds nothing", "not among the best"]


@dataclass(frozen=True)
class Dropped:
    """An input or derived feature that the model does not read, and why."""

    column: str
    reason: Reason
    other: str | None = None
    """The one that is read instead."""
    correlation: float | None = None
    """With the other."""
    importance: float | None = None
    """See ``importance``."""

    @property
    def message(self) -> str:
        """The reason in words."""
        if self.reason == "constant":
            return "constant"
        if self.reason == "rare values":
            return "every value is rare"
        if self.reason == "equal":
            return f"equal to {self.other}"
        if self.reason == "correlated":
            return f"nearly equal to {self.other} (r = {self.correlation:.3f})"
        return self.reason

    def to_dict(self) -> dict[str, str | float]:
        """JSON values, without those that do not apply."""
        document = {**asdict(self), "message": self.message}
        return {name: value for name, value in document.items() if value is not None}


def redundant(
    blocks: Sequence[Block], limit: float, *, first: Collection[str] = (), rare: Collection[str] = ()
) -> list[Dropped]:
    """What can be left out, in the order of ``blocks``; at least one block stays.

    Of two that are equal the earlier stays.

    Args:
        blocks: of rows of the training part.
        limit: of the correlation from which on two blocks are too much alike; at 1 they must be equal.
        first: names of blocks that stay before all others.
        rare: names of texts without a value that is frequent enough to be encoded.
    """
    found: dict[str, Dropped] = {}
    kept: list[Block] = []
    for block in sorted(blocks, key=lambda block: block.name not in first):
        if block.is_constant:
            found[block.name] = Dropped(block.name, "rare values" if block.name in rare else "constant")
            continue
        dropped = next(filter(None, (_beside(block, other, limit) for other in kept)), None)
        if dropped is None:
            kept.append(block)
        else:
            found[block.name] = dropped
    if not kept:
        del found[blocks[0].name]
    return [found[block.name] for block in blocks if block.name in found]


def _beside(block: Block, other: Block, limit: float) -> Dropped | None:
    if are_equal(other, block):
        return Dropped(block.name, "equal", other.name)
    if limit >= 1.0:
        return None
    found = correlation(other, block)
    return Dropped(block.name, "correlated", other.name, round(found, 4)) if found >= limit else None
