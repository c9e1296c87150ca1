"""Manifests as `make deploy` would apply them, rendered once a session."""

from __future__ import annotations

import shutil

import pytest
from manifests import Document, Render, rendered


@pytest.fixture(scope="session")
def kubectl() -> str:
    path = shutil.which("kubectl")
    if path is None:
        pytest.skip("kubectl is not installed")
    return path


@pytest.fixture(scope="session")
def render(kubectl: str) -> Render:
    """``render("kind")``, or ``render("kind", "canary", …)`` for an overlay with further components; documents."""
    cache: dict[tuple[str, ...], list[Document]] = {}

    def documents(overlay: str, *components: str) -> list[Document]:
        key = (overlay, *components)
        if key not in cache:
            cache[key] = rendered(overlay, components)
        return cache[key]

    return documents
