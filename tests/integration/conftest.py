"""What several modules of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from real_api_server import REAL, RealApiServer


@pytest.fixture(scope="session")
def definitions() -> Iterator[None]:
    """The CustomResourceDefinitions, on the real API server, for as long as the tests run."""
    server = RealApiServer(REAL)
    made = server.define()
    server.close()
    yield
    server.undefine(made)
