"""Logs: one JSON object a line, on standard error, with the id of the request that it is about."""

from __future__ import annotations

import logging
import os
import random
import re
import sys
import time
from contextvars import ContextVar

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request in progress; empty outside of one."""

access = logging.getLogger("tenure.access")
server = logging.getLogger("tenure.server")

_VALID_ID = re.compile(r"[!-~]{1,128}")


def take_or_make_id(given: str | None) -> str:
    """The client's ``X-Request-ID`` if it is printable ASCII of up to 128 characters, else a new id."""
    return given if given and _VALID_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


class JsonFormatter(logging.Formatter):
    """A log record as a JSON object; ``extra={"fields": {…}}`` adds keys."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    """Send every log of this process, KServe's and uvicorn's too, to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # gRPC's core writes lines that are not JSON to standard error; errors are raised as exceptions too.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # KServe configures logging by itself unless its logger has a handler.
    kserve = logging.getLogger("kserve")
    kserve.handlers, kserve.propagate = [handler], False
    # Timings of each request, a second access log, deprecations in a dependency: of no use to an operator.
    for chatty in ("kserve", "kserve.trace", "py.warnings", "uvicorn", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
