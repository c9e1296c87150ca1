"""The rate limit of frames that cost the server work and carry no call.

Floods of such frames are the known attacks on HTTP/2 servers: rapid reset (CVE-2023-44487), PING, SETTINGS, PRIORITY
and empty DATA (CVE-2019-9511 to 9518), and resets that the client makes the server send (CVE-2025-8671). Clients that
behave need a number of such frames that grows with their calls and with the data they receive, so answers and sent
bytes pay for them; the rest is a token bucket.
"""

from __future__ import annotations

import time

from serving.grpc.fast.frames import Code, Http2Error

BURST = 500
"""More than a client's calls (``CALLS_A_CONNECTION``), which it may all cancel at once."""
PER_SECOND = 50
PER_ANSWER = 16
BYTES_SENT = 1024
"""Sent data that pays for one frame, such as a WINDOW_UPDATE."""


class Overhead:
    """The tokens of one connection.

    Attributes:
        answers: number of calls that were answered.
        sent_bytes: bytes of data that were sent.
    """

    __slots__ = ("_answers_paid", "_at", "_bytes_paid", "_tokens", "answers", "sent_bytes")

    def __init__(self) -> None:
        self.answers = self._answers_paid = 0
        self.sent_bytes = self._bytes_paid = 0
        self._tokens = float(BURST)
        self._at = time.monotonic()

    def spend(self, cost: int = 1) -> None:
        """Count a frame.

        Raises:
            Http2Error: the client sends too many of them.
        """
        if self._tokens < cost:
            self._earn()
            if self._tokens < cost:
                raise Http2Error(Code.ENHANCE_YOUR_CALM, "too many frames that carry no call")
        self._tokens -= cost

    def _earn(self) -> None:
        now = time.monotonic()
        earned = (
            PER_SECOND * (now - self._at)
            + PER_ANSWER * (self.answers - self._answers_paid)
            + (self.sent_bytes - self._bytes_paid) / BYTES_SENT
        )
        self._at, self._answers_paid, self._bytes_paid = now, self.answers, self.sent_bytes
        self._tokens = min(BURST, self._tokens + earned)
