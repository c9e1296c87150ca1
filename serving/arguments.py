"""The command line of the model server."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_EPILOG = """examples:
  python -m serving --model telco=bundle --host 127.0.0.1
  python -m serving --model stable=a --model challenger=b --http-port 0 --grpc-port 0
  curl localhost:8080/v2/models/telco            # what it takes
"""


@dataclass(frozen=True)
class Arguments:
    """What the server was told."""

    models: dict[str, Path]
    """Bundle folder by model name."""
    host: str
    http_port: int
    grpc_port: int | None
    """None: no gRPC."""
    workers: int
    threads: int
    grace_s: float
    log_level: str


def parse(argv: Sequence[str]) -> Arguments:
    """Read the command line; ends the process with status 2 and a line if it cannot hold."""
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Tenure's model server: KServe's V2 protocol over REST and gRPC, raw customer columns in.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", action="append", required=True, metavar="NAME=FOLDER", help="a bundle to serve; repeatable")
    # Every interface, as KServe's own servers do: in a pod the loopback alone would not be reachable.
    add("--host", default="0.0.0.0", help="address to listen on (default: every interface)")  # noqa: S104
    add("--http-port", type=_port, default=8080, help="0 takes a free one (default 8080)")
    add("--grpc-port", type=_port, default=8081, help="0 takes a free one (default 8081)")
    add("--no-grpc", action="store_true", help="REST only")
    add("--workers", type=_positive, default=1, help="processes that answer requests (default 1)")
    add("--threads", type=_positive, default=1, help="threads of ONNX Runtime for one prediction (default 1)")
    add("--grace-s", type=float, default=30.0, help="seconds that running requests get after SIGTERM (default 30)")
    add("--log-level", choices=["debug", "info", "warning", "error"], default="info", help="(default info)")
    given = parser.parse_args(argv)
    models: dict[str, Path] = {}
    for text in given.model:
        name, _, folder = text.partition("=")
        if not folder or not _NAME.fullmatch(name):
            parser.error(f"argument --model: {text!r} is not NAME=FOLDER")
        if name in models:
            parser.error(f"argument --model: {name!r} stands twice")
        models[name] = Path(folder)
    if not given.grace_s >= 0.0:
        parser.error(f"argument --grace-s: {given.grace_s} is not a number of seconds")
    return Arguments(
        models=models,
        host=given.host,
        http_port=given.http_port,
        grpc_port=None if given.no_grpc else given.grpc_port,
        workers=given.workers,
        threads=given.threads,
        grace_s=given.grace_s,
        log_level=given.log_level,
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port")
    return port


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number
