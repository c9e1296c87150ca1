"""The kinds of labels over a horizon: a module each with a ``Kind`` as ``KIND``, found by the name in contracts."""

from __future__ import annotations

from importlib import import_module

from tenure.features.label_kinds.kind import Kind
from tenure.features.label_kinds.outcome import Outcome, Span


def kind_of(name: str) -> Kind:
    """The kind of label of this name."""
    kind: Kind = import_module(f"{__name__}.{name}").KIND
    return kind


__all__ = ["Kind", "Outcome", "Span", "kind_of"]
