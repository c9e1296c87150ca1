"""One model server for all clients, and the bodies that they send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("exchanges")

from exchanges import write_bodies  # noqa: E402
from server_process import Server, started, texts, typed  # noqa: E402, F401 (fixtures)


@pytest.fixture(scope="session")
def server(small_bundle: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(small_bundle.folder, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def bodies(typed: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A folder of request bodies."""
    folder = tmp_path_factory.mktemp("bodies")
    write_bodies(folder, typed)
    return folder
