"""The cost of the attacks on HTTP/2: processor time of the server per MB sent, and memory held.

Each attack runs on one connection at a time, on the loopback interface, with bounds of bytes and time; a connection
that the server closes is opened again. The server must answer a call during and after each.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from benchmarks.malformed.http2 import PATH
from benchmarks.malformed.http2_attacks import ATTACKS, UNREAD_ATTACKS, Parts
from benchmarks.table import Row

MAX_MB, MAX_S = 4.0, 2.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_READ_BYTES = 2**18
_PATIENCE_S = 10.0
_GOAWAY_CALM = b"\x00\x00\x00\x0b"
"""The end of a GOAWAY frame: ENHANCE_YOUR_CALM."""


@dataclass
class Cost:
    """What an attack cost the server."""

    sent_mb: float = 0.0
    processor_s: float = 0.0
    held_mib: float = 0.0
    connections: int = 0
    calmed: int = 0
    """Connections that the server ended with ENHANCE_YOUR_CALM."""
    answered: bool = False
    """A call of another client was answered meanwhile, and one afterwards."""

    def row(self, name: str) -> Row:
        """For a table."""
        per_mb = self.processor_s / max(self.sent_mb, 1e-6)
        ended = f"{self.calmed} of {self.connections} connections ended as attacks"
        figure = f"{per_mb:.3f} s of the processor/MB ({self.sent_mb:.1f} MB), {self.held_mib:+.1f} MiB, {ended}"
        return Row(name, figure, "" if self.answered else "NO ANSWER to another client")


class Attacks:
    """Attacks a server on this machine.

    Args:
        pid: of its only process.
        message: a serialized request that it answers.
    """

    def __init__(self, port: int, pid: int, message: bytes) -> None:
        self._port, self._pid, self._message = port, pid, message

    def run(self, max_mb: float = MAX_MB, max_s: float = MAX_S) -> Iterator[tuple[str, Cost]]:
        """All attacks, one after the other."""
        for attacks, reads in ((ATTACKS, True), (UNREAD_ATTACKS, False)):
            for name, make in attacks.items():
                yield name, self.measure(make, reads=reads, max_mb=max_mb, max_s=max_s)

    def measure(self, make: Callable[[bytes], Parts], *, reads: bool, max_mb: float, max_s: float) -> Cost:
        """The cost of one attack."""
        cost = Cost(answered=True)
        processor_s, held_mib = self._processor_s(), self._resident_mib()
        until = time.monotonic() + max_s
        while cost.sent_mb < max_mb and time.monotonic() < until:
            cost.connections += 1
            with socket.create_connection(("127.0.0.1", self._port), 5) as line:
                with contextlib.suppress(OSError):
                    cost.calmed += self._send(line, make(self._message), cost, until, max_mb, reads=reads)
                cost.held_mib = max(cost.held_mib, self._resident_mib() - held_mib)
                if cost.connections == 1:
                    cost.answered = self._answers()
                with contextlib.suppress(OSError):
                    cost.calmed += self._finish(line)
        cost.processor_s = self._processor_s() - processor_s
        cost.answered = self._answers() and cost.answered
        return cost

    def _send(self, line: socket.socket, parts: Parts, cost: Cost, until: float, max_mb: float, *, reads: bool) -> bool:
        """Send until a bound is reached or the server ends the connection; returns whether it did, as an attack."""
        line.setblocking(False)
        tail = b""
        for part in parts:
            rest = memoryview(part)
            while rest:
                readable, writable, _ = select.select([line] if reads else [], [line], [], 0.2)
                if readable:
                    received = line.recv(_READ_BYTES)
                    tail = (tail + received)[-17:]
                    if not received or tail.endswith(_GOAWAY_CALM):
                        return tail.endswith(_GOAWAY_CALM)
                if writable:
                    sent = line.send(rest)
                    cost.sent_mb += sent / 1e6
                    rest = rest[sent:]
                if time.monotonic() > until or cost.sent_mb > max_mb:
                    return False
        return False

    def _finish(self, line: socket.socket) -> bool:
        """Wait until the server has read everything; returns whether it ended the connection as an attack."""
        line.settimeout(20)
        line.shutdown(socket.SHUT_WR)
        tail = b""
        while received := line.recv(_READ_BYTES):
            tail = (tail + received)[-17:]
        return tail.endswith(_GOAWAY_CALM)

    def _answers(self) -> bool:
        """Whether another client is answered; it retries after a refusal with Retry-After."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        until = time.monotonic() + _PATIENCE_S
        with grpc.insecure_channel(f"127.0.0.1:{self._port}", options) as channel:
            while True:
                try:
                    return bool(channel.unary_unary(PATH, None, None)(self._message, timeout=_PATIENCE_S))
                except grpc.RpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > until:
                        return False
                    time.sleep(0.1)

    def _processor_s(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def _resident_mib(self) -> float:
        pages = int(Path(f"/proc/{self._pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
