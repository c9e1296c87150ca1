"""One check of a verdict: what was looked at, how it came out, and that in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "unsure"]


@dataclass(frozen=True)
class Reason:
    """One check and what it found."""

    check: str
    outcome: Outcome
    text: str
