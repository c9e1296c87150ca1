"""Admission on the command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from serving.admission.keys import KeyFile, parse_keys
from tenure.errors import InputError

if TYPE_CHECKING:
    from serving.admission.clients import Clients

KEYS_VARIABLE = "TENURE_API_KEYS"
TOKEN_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Public-key signatures alone: with a shared secret, or no signature, anybody could make a token."""


@dataclass(frozen=True)
class Options:
    """What the command line says of admission."""

    api_keys: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks: str | None = None
    """A path or an address."""
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
        "who may ask",
        "Without these everybody may. Health, readiness, metadata and metrics stay open:\n"
        "probes have no keys. The rate is kept by all workers of this server together;\n"
        "a limit over several servers is the gateway's.",
    )
    add = group.add_argument
    add("--api-keys", type=Path, metavar="FILE", help=f"lines of 'keys create', read again when they change "
        f"(default: what the variable {KEYS_VARIABLE} holds)")  # fmt: skip
    add("--oidc-issuer", metavar="URL", help="take bearer tokens (JWT) of this OpenID Connect issuer")
    add("--oidc-audience", metavar="NAME", help="what the tokens must be meant for")
    add("--oidc-jwks", metavar="FILE|URL", help="the issuer's public keys (default: where its configuration says)")
    add("--rate-limit", type=float, default=Options.rate_limit, metavar="N",
        help="requests a minute for each key or token's subject; 0: any number (default 100)")  # fmt: skip
    group = parser.add_argument_group(
        "how much at once", "Past a limit the answer says so in a line; 503 comes with Retry-After."
    )
    add = group.add_argument
    add("--max-in-flight", type=_positive, default=Options.max_in_flight, metavar="N",
        help="requests that a worker has begun and not answered: 503 past it (default 256)")  # fmt: skip
    add("--max-connections", type=_positive, default=Options.max_connections, metavar="N",
        help="open connections of a worker, HTTP and gRPC each: more are closed at once (default 4096)")  # fmt: skip
    add("--max-rows", type=_positive, default=Options.max_rows, metavar="N",
        help="rows of one request: 413 past it (default 10000)")  # fmt: skip
    add("--max-held-mib", type=_positive, default=Options.max_held_mib, metavar="N",
        help="MiB of requests that a worker holds until they are answered: 503 past it (default 128)")  # fmt: skip
    add("--timeout-s", type=_seconds, default=Options.timeout_s, metavar="S",
        help="the longest that a request may take: 504 past it; a client shortens it by X-Request-Timeout-Ms or a "
        "gRPC deadline (default 10)")  # fmt: skip
    add("--read-timeout-s", type=_seconds, default=Options.read_timeout_s, metavar="S",
        help="the longest that a client may take to send a request's head, and its body: 408 past it (default 10)",
        )  # fmt: skip


def read_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Options:
    """The options; ends the process with a line if they do not fit together."""
    if (given.oidc_issuer is None) != (given.oidc_audience is None):
        parser.error("--oidc-issuer and --oidc-audience go together")
    if given.oidc_jwks is not None and given.oidc_issuer is None:
        parser.error("argument --oidc-jwks: it goes with --oidc-issuer")
    if not 0.0 <= given.rate_limit < float("inf"):
        parser.error(f"argument --rate-limit: {given.rate_limit} is not a number of requests")
    return Options(**{field.name: getattr(given, field.name) for field in fields(Options)})


def read_clients(given: Options, environment: Mapping[str, str] = os.environ) -> Clients | None:
    """Who may ask; None for everybody. Called before workers are forked: they share the rate.

    Raises:
        InputError: keys cannot be read, or an address is none to fetch keys from.
    """
    # Clients know KServe's errors; the command line is read before KServe is imported.
    from serving.admission.clients import Clients
    from serving.admission.rate import RateLimit

    keys = None
    if given.api_keys is not None:
        keys = KeyFile(given.api_keys).ring
    elif text := environment.get(KEYS_VARIABLE):
        ring = parse_keys(text, KEYS_VARIABLE)
        if not ring:
            raise InputError(f"{KEYS_VARIABLE}: there is no key in it")
        keys = lambda: ring  # noqa: E731 (a name and no more)
    tokens = None
    if given.oidc_issuer is not None and given.oidc_audience is not None:
        # Cryptography is loaded only where it is used: it costs 10 MB and a moment.
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


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.0 < number <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds up to 3600")
    return number
