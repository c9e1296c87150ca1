"""Waits for a server in another process."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from pathlib import Path

START_S = 90.0


def wait_for_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when ``url`` answers; fail with the server's log if it ended, or took too long."""
    ends = time.monotonic() + START_S
    while not _answers(url):
        assert process.poll() is None and time.monotonic() < ends, log.read_text()
        time.sleep(0.3)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except OSError:
        return False
    return True
