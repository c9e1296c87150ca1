"""The cost of the attacks on HTTP/1.1; see ``attacks``."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from benchmarks.attacks import MAX_MB, MAX_S, Attacks, Cost
from benchmarks.malformed.http1_attacks import ATTACKS, INFER, UNREAD_ATTACKS

_PATIENCE_S = 10.0


class HttpAttacks(Attacks):
    """Attacks a server on this machine over HTTP/1.1.

    Args:
        port: of HTTP.
        pid: of its only process.
        message: body of a request that it answers.
    """

    def run(self, max_mb: float = MAX_MB, max_s: float = MAX_S) -> Iterator[tuple[str, Cost]]:
        for attacks, reads in ((ATTACKS, True), (UNREAD_ATTACKS, False)):
            for name, make in attacks.items():
                yield name, self.measure(make, reads=reads, max_mb=max_mb, max_s=max_s)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE_S)
        try:
            connection.request("POST", INFER.decode(), self._message)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
