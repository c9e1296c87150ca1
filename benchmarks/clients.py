"""Clients of the model server that retry, for the soak test."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence

PATIENCE_S = 30.0
NOT_ANSWERS = ("again", "later", "lost")


class Clients:
    """Send requests over keep-alive connections, from one event loop.

    A request whose connection died is sent again, one that is told to come back (503) comes back; it is lost after
    ``PATIENCE_S``.

    Args:
        bodies: asked in turn.
        connections: at most; what finds none free waits, and its latency counts.
    """

    def __init__(self, port: int, bodies: Sequence[bytes], connections: int) -> None:
        self._port, self._bodies = port, bodies
        self._connections = asyncio.Semaphore(connections)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.latency_s: list[float] = []
        self.found: Counter[str] = Counter()
        """Answers by version, or by status; ``again`` for connections that died, ``later`` for 503, ``lost``."""

    def forget(self) -> None:
        """Reset all counts."""
        self.latency_s.clear()
        self.found.clear()

    def versions(self) -> dict[str, int]:
        """Answers by the version that gave them."""
        return {
            name: count
            for name, count in self.found.items()
            if name not in NOT_ANSWERS and not name.startswith("status")
        }

    async def capacity(self, seconds: float, clients: int) -> float:
        """Requests a second of so many clients in a closed loop."""
        until = time.perf_counter() + seconds

        async def client(number: int) -> int:
            asked = 0
            while time.perf_counter() < until:
                await self._ask(self._bodies[(number + asked) % len(self._bodies)], time.perf_counter())
                asked += 1
            return asked

        return sum(await asyncio.gather(*(client(number) for number in range(clients)))) / seconds

    async def load(self, rate: float, seconds: float) -> None:
        """Requests at a steady rate, whether or not those before are answered; latency counts from when one is due."""
        began = time.perf_counter()
        waiting: set[asyncio.Task[None]] = set()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            task = asyncio.create_task(self._ask(self._bodies[number % len(self._bodies)], due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)

    async def _ask(self, body: bytes, due: float) -> None:
        began = None
        fresh = False
        while began is None or time.perf_counter() < began + PATIENCE_S:
            try:
                async with self._connections:
                    began = began or time.perf_counter()
                    status, content = await asyncio.wait_for(self._exchange(body, fresh), timeout=PATIENCE_S)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.found["again"] += 1
                fresh = True
                await asyncio.sleep(0.05)
                continue
            if status == 503:
                self.found["later"] += 1
                await asyncio.sleep(1.0)
                continue
            self.found[json.loads(content)["model_version"] if status == 200 else f"status {status}"] += 1
            self.latency_s.append(time.perf_counter() - due)
            return
        self.found["lost"] += 1

    async def _exchange(self, body: bytes, fresh: bool) -> tuple[int, bytes]:
        known = None if fresh or not self._idle else self._idle.pop()
        reader, writer = known or await asyncio.open_connection("127.0.0.1", self._port)
        try:
            head = f"POST /v2/models/telco/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(answer.partition(b"content-length:")[2].split(None, 1)[0])
            content = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in answer:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(answer.split(None, 2)[1]), content
