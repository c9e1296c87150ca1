"""The command line of the model server."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.admission import options as admission
from serving.argument_types import count, interval, number, port, positive, seconds
from serving.observation import prediction_log
from tenure.errors import InputError
from tenure.signing import trust_path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_DESCRIPTION = """Tenure's model server: raw customer columns in; probability or value, decision, band and
reasons out. It speaks KServe's V2 protocol over REST and gRPC, and V1's :predict. /docs shows
every column and an example request. When all models are ready, one line of JSON on standard
output names the ports. Logs are JSON lines on standard error."""

_EPILOG = """signals:
  SIGTERM  not ready at once; after --drain-s no new connections; open requests are answered; exit
  SIGHUP   check the bundles' folders now; a bundle that failed to load is tried again, and every
           signature is verified against the trust root as it is then

environment:
  TENURE_API_KEYS      keys of clients, instead of --api-keys
  TENURE_TRUST         file or folder of public keys, instead of --trust
  TENURE_LOG_HASH_KEY  secret of at least 32 characters for pseudonyms of customers' keys in logs
  OTEL_EXPORTER_OTLP_ENDPOINT   collector of traces over http/protobuf; needs the extra 'tracing'
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL   the object store of --prediction-log

examples:
  python -m serving --model telco=bundle --host 127.0.0.1
  python -m serving --model stable=a --model challenger=b --http-port 0 --grpc-port 0
  python -m serving --model telco=bundle --trust .tenure/keys/trusted
  python -m serving --model telco=bundle --workers 2 --watch-s 5 --prediction-log s3://bucket/log
  python -m serving --model telco=bundle --tls-cert tls.crt --tls-key tls.key --api-keys keys.txt
  python -m serving keys create mobile-app       # a key for a client: see --api-keys
  curl localhost:8080/v2/models/telco            # its inputs and outputs
"""


@dataclass(frozen=True)
class Arguments:
    """The parsed command line."""

    models: dict[str, Path]
    """Bundle folder by model name."""
    host: str
    http_port: int
    grpc_port: int | None
    """None: no gRPC."""
    fast_route: bool
    """Whether inference requests are answered where they are parsed, without the REST application."""
    workers: int
    threads: int
    drain_s: float
    """Seconds from SIGTERM until no new connection is accepted."""
    grace_s: float
    """Seconds from then on until open requests are aborted."""
    log_level: str
    watch_s: float | None
    """Seconds between checks for changed bundles; None: only on SIGHUP."""
    trust: Path | None
    """File or folder of the public keys that bundles must be signed by; None: any bundle is served."""
    tls: tuple[Path, Path] | None
    """Certificate and key."""
    admission: admission.Options
    slow_ms: float
    """The duration from which a request is logged as slow."""
    cache_entries: int
    """0: no cache."""
    cache_ttl_s: float
    prediction_log: prediction_log.Options | None


def parse(argv: Sequence[str]) -> Arguments:
    """Read the command line; ends the process with status 2 and a line if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        usage="%(prog)s --model NAME=FOLDER [--model NAME=FOLDER ...] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument_group("models").add_argument
    add("--model", action="append", required=True, metavar="NAME=FOLDER", help="a bundle to serve; repeatable")
    add("--watch-s", type=interval, metavar="S",
        help="check every S seconds whether a folder, or the target of a link, holds another bundle, and serve it "
        "(default: only on SIGHUP)")  # fmt: skip
    add("--trust", metavar="PATH",
        help="serve only bundles that a key in this PEM file, or in a file of this folder, has signed "
        "(default: serve any bundle)")  # fmt: skip
    add = parser.add_argument_group("addresses").add_argument
    # Every interface, as KServe's servers do: in a pod the loopback interface is not reachable.
    add("--host", default="0.0.0.0", help="address to listen on (default: every interface)")  # noqa: S104
    add("--http-port", type=port, default=8080, metavar="PORT", help="0: any free port (default 8080)")
    add("--grpc-port", type=port, default=8081, metavar="PORT", help="0: any free port (default 8081)")
    add(
        "--no-fast-route",
        action="store_true",
        help="answer every request through the REST application and grpcio's server",
    )
    add("--no-grpc", action="store_true", help="REST only")
    add(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="serve HTTPS, and gRPC over TLS, with this chain (PEM)",
    )
    add(
        "--tls-key",
        type=Path,
        metavar="FILE",
        help="its private key (PEM); both files are read again when they change",
    )
    add = parser.add_argument_group("processes and shutdown").add_argument
    add("--workers", type=positive, default=1, metavar="N", help="processes that answer requests (default 1)")
    add(
        "--threads",
        type=positive,
        default=1,
        metavar="N",
        help="threads of ONNX Runtime for one prediction (default 1)",
    )
    add("--drain-s", type=seconds, default=1.0, metavar="S",
        help="after SIGTERM, serve for S more seconds, not ready and with 'Connection: close' (default 1)")  # fmt: skip
    add("--grace-s", type=seconds, default=30.0, metavar="S",
        help="then let open requests take S seconds at most (default 30)")  # fmt: skip
    add = parser.add_argument_group("logging").add_argument
    add("--log-level", choices=["debug", "info", "warning", "error"], default="info", help="(default info)")
    add("--slow-ms", type=number, default=100.0, metavar="MS",
        help="log a request that takes longer, with the time of its parts (default 100)")  # fmt: skip
    add = parser.add_argument_group("cache").add_argument
    add("--cache-entries", type=count, default=0, metavar="N",
        help="answer a repeated request of up to 8 rows from memory; keep N requests a worker, of 16 KiB at most "
        "(default 0: no cache)")  # fmt: skip
    add("--cache-ttl-s", type=seconds, default=60.0, metavar="S", help="keep each for S seconds (default 60)")
    prediction_log.add_options(parser)
    admission.add_options(parser)
    given = parser.parse_args(argv)
    models: dict[str, Path] = {}
    for text in given.model:
        name, _, folder = text.partition("=")
        if not folder or not _NAME.fullmatch(name):
            parser.error(f"argument --model: {text!r} is not NAME=FOLDER")
        if name in models:
            parser.error(f"argument --model: {name!r} is given twice")
        models[name] = Path(folder)
    try:
        trust = trust_path(given.trust)
    except InputError as error:
        parser.error(f"argument --trust: {error}")
    if (given.tls_cert is None) != (given.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    return Arguments(
        models=models,
        host=given.host,
        http_port=given.http_port,
        grpc_port=None if given.no_grpc else given.grpc_port,
        fast_route=not given.no_fast_route,
        workers=given.workers,
        threads=given.threads,
        drain_s=given.drain_s,
        grace_s=given.grace_s,
        log_level=given.log_level,
        watch_s=given.watch_s,
        trust=trust,
        tls=None if given.tls_cert is None else (given.tls_cert, given.tls_key),
        admission=admission.read_options(parser, given),
        slow_ms=given.slow_ms,
        cache_entries=given.cache_entries,
        cache_ttl_s=given.cache_ttl_s,
        prediction_log=prediction_log.read_options(parser, given, models),
    )
