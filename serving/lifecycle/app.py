"""From the command line to a running server."""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from serving.admission.command import main as keys_command
from serving.admission.options import read_clients
from serving.kserve_import import import_kserve, reserve_kserve
from serving.lifecycle import arguments
from serving.lifecycle.arguments import Arguments
from serving.lifecycle.reload import Served, fingerprint, read
from serving.listening.sockets import listen, reserve
from serving.observation import logs, metrics
from tenure.errors import TenureError, one_line
from tenure.file_modes import keep_files_private

if TYPE_CHECKING:
    from serving.admission.clients import Clients
    from serving.lifecycle.server import Listening


_CLOSING_S = 5.0
"""Time to write what is buffered when the last request is answered; see ``Hooks.closing``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server; returns its exit status.

    When all models are ready, one line of JSON on standard output names the ports, and the models with their versions.
    Logs go to standard error. If a bundle cannot be loaded, the process ends before a port is opened.
    """
    keep_files_private()
    words = sys.argv[1:] if argv is None else argv
    if words and words[0] == "keys":
        return keys_command(words[1:])
    given = arguments.parse(words)
    logs.configure(given.log_level)
    try:
        served = {name: _read(folder, given) for name, folder in given.models.items()}
        reserve_kserve()
        _serve(given, served)
    except TenureError as error:
        logs.server.error(one_line(error))
        return error.exit_status
    return 0


def _read(folder: Path, given: Arguments) -> Served:
    # Taken before the bundle is read, so that a change during the reading is noticed.
    seen = fingerprint(folder)
    return Served(folder, seen, read(folder, given.threads, given.trust))


def _serve(given: Arguments, served: dict[str, Served]) -> None:
    from serving.lifecycle.server import Listening
    from serving.lifecycle.wiring import prepare
    from serving.listening.tls import Certificate

    if hasattr(signal, "SIGHUP"):  # until there is something to reload
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    prepare(given)
    clients = read_clients(given.admission)
    certificate = None if given.tls is None else Certificate(*given.tls)
    http = listen(given.host, given.http_port)
    http_port = http.getsockname()[1]
    versions = {name: first.bundle.version for name, first in served.items()}
    announce = partial(_announce, http_port=http_port, versions=versions)
    metrics.share(given.workers)
    if given.workers == 1:
        _worker(
            given,
            served,
            clients,
            Listening(given.host, http, given.grpc_port, certificate),
            on_ready=announce,
            worker=0,
        )
        return
    # The workers share the memory of what is imported before they are forked.
    import_kserve()
    import serving.http.application  # noqa: F401
    from serving.lifecycle.workers import run_workers

    grpc_port = None
    if given.grpc_port is not None:
        holder = reserve(given.host, given.grpc_port)
        grpc_port = holder.getsockname()[1]
    stopping = mmap.mmap(-1, 1)  # shared with the workers
    listening = Listening(
        given.host, http, grpc_port, certificate, shared_port=True, owns_http=lambda: stopping[0] == 1
    )
    run_workers(
        given.workers,
        serve=lambda worker, ready: _worker(
            given, served, clients, listening, on_ready=lambda _: ready(), worker=worker
        ),
        grace_s=given.drain_s + given.grace_s + _CLOSING_S,
        stopping=partial(stopping.__setitem__, 0, 1),
        ready=lambda: announce(grpc_port),
    )


def _worker(
    given: Arguments,
    served: dict[str, Served],
    clients: Clients | None,
    listening: Listening,
    *,
    on_ready: Callable[[int | None], None],
    worker: int,
) -> None:
    from serving.lifecycle.server import ModelServer
    from serving.lifecycle.wiring import hooks

    metrics.take(worker)
    joined = hooks(given, clients)
    try:
        ModelServer(listening, given, joined, on_ready).start(served)
    finally:
        until = monotonic() + _CLOSING_S
        for close in joined.closing:
            close(max(0.0, until - monotonic()))


def _announce(grpc_port: int | None, *, http_port: int, versions: dict[str, str]) -> None:
    ready = {"event": "ready", "http_port": http_port, "grpc_port": grpc_port, "models": versions, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
