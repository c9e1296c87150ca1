"""A real PostgreSQL of a test's own, where one is installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_S = 30


def binaries() -> Path | None:
    """The folder with initdb and postgres; Debian keeps it off the path."""
    found = shutil.which("initdb")
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), *([Path(found).resolve()] if found else [])]
    return next((place.parent for place in reversed(places) if (place.parent / "postgres").exists()), None)


@dataclass(frozen=True)
class Postgres:
    """A server on the loopback with one superuser."""

    user: str
    password: str
    port: int
    bin_folder: Path

    def connect(self, database: str = "postgres", user: str = "", password: str = "") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=user or self.user,
            password=password or self.password,
            autocommit=True,
        )


@contextlib.contextmanager
def running(user: str, password: str) -> Iterator[Postgres]:
    """Make a database folder, and serve it until the block ends."""
    bin_folder = binaries()
    assert bin_folder is not None
    # PostgreSQL refuses to run as root.
    as_user = {"user": pwd.getpwnam("nobody").pw_uid} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="tenure-pg-"))
    password_file = folder / "password"
    password_file.write_text(password)
    if as_user:
        for path in (folder, password_file):
            os.chown(path, as_user["user"], -1)
    initdb = [bin_folder / "initdb", "-D", folder / "data", "-U", user, "-A", "scram-sha-256"]
    subprocess.run(
        [*initdb, "--pwfile", password_file, "--no-sync"],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=folder,
        **as_user,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
    process = subprocess.Popen(
        [bin_folder / "postgres", "-D", folder / "data", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **as_user,
    )
    try:
        server = Postgres(user, password, port, bin_folder)
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Postgres) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
