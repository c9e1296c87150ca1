"""HTTP clients of the standard libraries of Java, Node and Go against the model server."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from counted_connections import forwarder
from exchanges import EXCHANGES, PROGRAMS, Answer, run
from server_process import Server

pytestmark = pytest.mark.slow

COMMANDS = {
    "java": ("javac", ["java", "-XX:TieredStopAtLevel=1", str(PROGRAMS / "HttpClients.java")]),
    "node": ("node", ["node", str(PROGRAMS / "http_clients.mjs")]),
    "go": ("go", ["go", "run", str(PROGRAMS / "http_clients.go")]),
}
"""What must be installed, and the command, by language."""

CLIENTS = {
    "java": ("default", "async", "http1", "urlconnection"),
    "node": ("fetch", "http"),
    "go": ("net/http",),
}


class Session(NamedTuple):
    """The answers of one run of a language's program."""

    answers: dict[tuple[str, str], list[Answer]]
    """By client and name of the exchange."""
    connections: int
    """Of all clients of the program together, in the exchanges that are counted."""


@pytest.fixture(scope="module")
def session_of(server: Server, bodies: Path) -> Callable[[str], Session]:
    """Runs a language's program once."""

    @functools.cache
    def session(language: str) -> Session:
        needed, command = COMMANDS[language]
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
        with forwarder(server.http_port) as counted:
            answers = run(command, bodies, server.url, counted.url)
            return Session(answers, counted.connections)

    return session


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize(("language", "client"), [(name, client) for name in CLIENTS for client in CLIENTS[name]])
def test_a_client_gets_its_answer(session_of: Callable, language: str, client: str, name: str) -> None:
    answers = session_of(language).answers[client, name]
    assert len(answers) == EXCHANGES[name].times
    for answer in answers:
        EXCHANGES[name].check(answer)


@pytest.mark.parametrize("language", CLIENTS)
def test_clients_keep_their_connections(session_of: Callable, language: str) -> None:
    opened = session_of(language).connections
    assert opened <= 2 * len(CLIENTS[language]), "a client may open a second connection, not one for each request"
