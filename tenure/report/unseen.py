"""Slices of which the evaluation shows nothing, named on the first screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenure.evaluation.slice_reasons import TOO_FEW, named


def unseen(evaluation: Mapping[str, Any]) -> list[str]:
    """A sentence for those too small to be measured, and one for those too small to be compared with the champion."""
    small = [f"{row['column']} = {row['value']}" for row in evaluation["slices"] if row["too_small"]]
    sentences = (
        [f"Too small or too alike to be measured, so nothing is known of them: {named(small)}."] if small else []
    )
    return sentences + [reason["text"] for reason in evaluation["verdict"]["reasons"] if reason["check"] == TOO_FEW]
