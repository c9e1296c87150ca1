"""Studies in a real PostgreSQL, as workers on a cluster share them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import postgres_server
import pytest
from postgres_server import Postgres

from tenure.training.search.storage import open_storage

pytestmark = pytest.mark.skipif(postgres_server.binaries() is None, reason="PostgreSQL is not installed")
PASSWORD = "studies"
WORKERS = 6


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server.running("studies", PASSWORD) as started:
        yield started


@pytest.mark.parametrize("database", ["first", "second"])
def test_workers_that_start_together_on_an_empty_database_all_get_to_work(server: Postgres, database: str) -> None:
    """Each makes Optuna's tables where they lack; PostgreSQL lets one."""
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {database}")
    address = f"postgresql+psycopg://{server.user}:{PASSWORD}@127.0.0.1:{server.port}/{database}"
    together = threading.Barrier(WORKERS)

    def work(_worker: int) -> int:
        together.wait()
        return len(open_storage(address).get_all_studies())

    with ThreadPoolExecutor(WORKERS) as pool:
        assert list(pool.map(work, range(WORKERS))) == [0] * WORKERS
