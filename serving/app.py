"""From the command line to a running server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from serving import arguments, logs, metrics
from serving.arguments import Arguments
from serving.kserve_import import import_kserve
from serving.sockets import listen, reserve
from tenure import bundle
from tenure.bundle import Bundle
from tenure.errors import TenureError

if TYPE_CHECKING:
    from serving.server import Listening


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server; returns its exit status.

    When every model answers, one line of JSON goes to standard output: the ports, and the models with their versions.
    Logs go to standard error. A bundle that cannot be loaded ends the process before a port is opened.
    """
    given = arguments.parse(sys.argv[1:] if argv is None else argv)
    logs.configure(given.log_level)
    try:
        bundles = {name: bundle.read(folder, threads=given.threads) for name, folder in given.models.items()}
        import_kserve()
        _serve(given, bundles)
    except TenureError as error:
        logs.server.error(" ".join(str(error).split()))
        return error.exit_status
    return 0


def _serve(given: Arguments, bundles: dict[str, Bundle]) -> None:
    from serving.server import Listening

    http = listen(given.host, given.http_port)
    http_port = http.getsockname()[1]
    versions = {name: loaded.version for name, loaded in bundles.items()}
    announce = partial(_announce, http_port=http_port, versions=versions)
    metrics.share(given.workers)
    if given.workers == 1:
        _worker(given, bundles, Listening(given.host, http, given.grpc_port), announce, 0)
        return
    from serving.workers import run_workers

    grpc_port = None
    if given.grpc_port is not None:
        holder = reserve(given.host, given.grpc_port)
        grpc_port = holder.getsockname()[1]
    listening = Listening(given.host, http, grpc_port, shared_port=True)
    run_workers(
        given.workers,
        serve=lambda worker, ready: _worker(given, bundles, listening, lambda _: ready(), worker),
        grace_s=given.grace_s,
        ready=lambda: announce(grpc_port),
    )


def _worker(
    given: Arguments,
    bundles: dict[str, Bundle],
    listening: Listening,
    on_ready: Callable[[int | None], None],
    worker: int,
) -> None:
    from serving.model import ChurnModel
    from serving.server import ChurnServer
    from serving.wiring import hooks

    metrics.take(worker)
    server = ChurnServer(listening, given.grace_s, hooks(given), on_ready)
    server.start([ChurnModel(name, loaded) for name, loaded in bundles.items()])


def _announce(grpc_port: int | None, *, http_port: int, versions: dict[str, str]) -> None:
    ready = {"event": "ready", "http_port": http_port, "grpc_port": grpc_port, "models": versions, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
