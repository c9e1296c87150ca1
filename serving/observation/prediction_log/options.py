"""Command-line options of the prediction log."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from serving.argument_types import interval

SCHEMES = ("file", "s3", "gs", "gcs", "abfs", "hdfs")
"""URI schemes of pyarrow.fs."""


@dataclass(frozen=True)
class Options:
    """The parsed options of the prediction log."""

    location: str
    """A folder, or a URI of pyarrow.fs."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Share of requests by model; 1 for a model that is not in it."""
    flush_s: float = 30.0
    """The age of a file's first row at which the file is written."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--prediction-log`` and its companions."""
    add = parser.add_argument_group(
        "prediction log",
        "Requests and answers, row by row, in Parquet files for 'tenure monitor' and replays.\n"
        "Customers' keys are logged as pseudonyms under the secret in TENURE_LOG_HASH_KEY;\n"
        "without it they are not logged. If the sink fails, rows are lost, never a request.\n"
        "Rows are buffered in memory: SIGTERM writes them, a killed worker (kill -9, out of\n"
        "memory) loses those of the last --prediction-log-flush-s, at most 20,000 a model.",
    ).add_argument
    add("--prediction-log", metavar="URI", help="a folder, or s3://bucket/folder and the like")
    add("--prediction-log-rate", action="append", default=[], metavar="NAME=SHARE",
        help="share of a model's requests, 0 to 1, chosen by their ids (default 1); repeatable")  # fmt: skip
    add("--prediction-log-flush-s", type=interval, metavar="S",
        help=f"write a file when its first row is this old; a shorter time loses fewer rows and makes more files "
        f"(default {Options.flush_s:g})")  # fmt: skip


def read_options(
    parser: argparse.ArgumentParser, given: argparse.Namespace, models: Mapping[str, Path]
) -> Options | None:
    """The options; None without ``--prediction-log``. Ends the process with status 2 and a line if one is invalid."""
    rates: dict[str, float] = {}
    for text in given.prediction_log_rate:
        name, _, share = text.partition("=")
        if name not in models:
            parser.error(f"argument --prediction-log-rate: there is no model {name!r}")
        rates[name] = _share(share)
        if math.isnan(rates[name]):
            parser.error(f"argument --prediction-log-rate: {text!r} is not NAME=SHARE with a share from 0 to 1")
    location: str | None = given.prediction_log
    flush_s: float | None = given.prediction_log_flush_s
    if location is None:
        for name, value in (("rate", rates), ("flush-s", flush_s)):
            if value:
                parser.error(f"argument --prediction-log-{name}: needs --prediction-log")
        return None
    if "://" in location:
        parts = urlsplit(location)
        if parts.scheme not in SCHEMES or not (parts.netloc or parts.path.strip("/")):
            parser.error(f"argument --prediction-log: {location!r} is not a folder, nor a URI of {', '.join(SCHEMES)}")
    return Options(location, rates, Options.flush_s if flush_s is None else flush_s)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        return math.nan
    return share if 0.0 <= share <= 1.0 else math.nan
