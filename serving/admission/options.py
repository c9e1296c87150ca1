"""Command-line options of admission."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from serving.admission.keys import KeyFile, parse_keys
from serving.argument_types import number, positive, time_limit
from tenure.errors import InputError

if TYPE_CHECKING:
    from serving.admission.clients import Clients

KEYS_VARIABLE = "TENURE_API_KEYS"
TOKEN_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Public-key signatures only: with a shared secret, or none, anybody could forge a token."""


@dataclass(frozen=True)
class Options:
    """The parsed options of admission."""

    api_keys: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks: str | None = None
    """A path or a URL."""
    rate_limit: float = 100.0
    """Requests a minute; 0: any number."""
    max_in_flight: int = 256
    max_connections: int = 4096
    max_rows: int = 10_000
    max_held_mib: int = 128
    timeout_s: float = 10.0
    read_timeout_s: float = 10.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in two groups of the help."""
    group = parser.add_argument_group(
        "authentication",
        "Without these every client is admitted. Health, readiness, metadata and metrics stay\n"
        "open: probes have no keys. All workers of this server share the rate limit; a limit\n"
        "over several servers is the gateway's.",
    )
    add = group.add_argument
    add("--api-keys", type=Path, metavar="FILE", help=f"lines of 'keys create', read again when the file changes "
        f"(default: the variable {KEYS_VARIABLE})")  # fmt: skip
    add("--oidc-issuer", metavar="URL", help="accept bearer tokens (JWT) of this OpenID Connect issuer")
    add("--oidc-audience", metavar="NAME", help="required audience of the tokens")
    add("--oidc-jwks", metavar="FILE|URL", help="the issuer's public keys (default: from its configuration)")
    add("--rate-limit", type=number, default=Options.rate_limit, metavar="N",
        help="requests a minute for each key or token's subject; 0: any number (default 100)")  # fmt: skip
    group = parser.add_argument_group(
        "load limits", "Above a limit the answer is one line with the reason; 503 comes with Retry-After."
    )
    add = group.add_argument
    add("--max-in-flight", type=positive, default=Options.max_in_flight, metavar="N",
        help="open requests of a worker: 503 above it (default 256)")  # fmt: skip
    add("--max-connections", type=positive, default=Options.max_connections, metavar="N",
        help="open connections of a worker, HTTP and gRPC each: more are closed at once (default 4096)")  # fmt: skip
    add("--max-rows", type=positive, default=Options.max_rows, metavar="N",
        help="rows of one request: 413 above it (default 10000)")  # fmt: skip
    add("--max-held-mib", type=positive, default=Options.max_held_mib, metavar="N",
        help="MiB of requests that a worker holds, bodies and slow heads: 503 above it (default 128)")  # fmt: skip
    add("--timeout-s", type=time_limit, default=Options.timeout_s, metavar="S",
        help="time limit of a request: 504 above it; a client shortens it by X-Request-Timeout-Ms or a gRPC "
        "deadline (default 10)")  # fmt: skip
    add("--read-timeout-s", type=time_limit, default=Options.read_timeout_s, metavar="S",
        help="time limit for a client to send a request's head, and its body: 408 above it (default 10)",
        )  # fmt: skip


def read_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Options:
    """The options; ends the process with status 2 and a line if they are inconsistent."""
    if (given.oidc_issuer is None) != (given.oidc_audience is None):
        parser.error("--oidc-issuer and --oidc-audience go together")
    if given.oidc_jwks is not None and given.oidc_issuer is None:
        parser.error("argument --oidc-jwks: it goes with --oidc-issuer")
    if given.rate_limit == float("inf"):
        parser.error("argument --rate-limit: 0 stands for any number of requests")
    return Options(**{field.name: getattr(given, field.name) for field in fields(Options)})


def read_clients(given: Options, environment: Mapping[str, str] = os.environ) -> Clients | None:
    """The clients to admit; None admits everybody. Called before workers are forked, so that they share the rate limit.

    Raises:
        InputError: the keys cannot be read, or a URL is neither HTTPS nor local.
    """
    # They import gRPC and KServe, which are imported after the command line is read.
    from serving.admission.clients import Clients
    from serving.admission.rate import RateLimit

    keys = None
    if given.api_keys is not None:
        keys = KeyFile(given.api_keys).ring
    elif text := environment.get(KEYS_VARIABLE):
        ring = parse_keys(text, KEYS_VARIABLE)
        if not ring:
            raise InputError(f"{KEYS_VARIABLE} holds no key")
        keys = lambda: ring  # noqa: E731 a constant provider
    tokens = None
    if given.oidc_issuer is not None and given.oidc_audience is not None:
        # Imported only if used: cryptography takes 10 MB.
        from serving.admission.jwks import KeySet, from_file, from_issuer, from_url
        from serving.admission.tokens import TokenCheck

        source = given.oidc_jwks
        if source is None:
            fetch = from_issuer(given.oidc_issuer)
        else:
            fetch = from_url(source) if "://" in source else from_file(Path(source))
        tokens = TokenCheck(given.oidc_issuer, given.oidc_audience, TOKEN_ALGORITHMS, KeySet(fetch))
    if keys is None and tokens is None:
        return None
    return Clients(keys, tokens, RateLimit(given.rate_limit) if given.rate_limit else None)
