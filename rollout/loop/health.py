"""Whether the controller makes progress, and its figures in Prometheus' text format."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rollout.policy.observation import View
from rollout.policy.state import Phase, State
from tenure.errors import InputError

LIVE_S = 180.0
"""The longest time between two looks: each of about fifteen requests may take up to its time limit."""

READY_S = 60.0
"""The longest time since a look that succeeded."""


@dataclass
class Health:
    """Written by the controller's loop, read by the probes.

    clock: monotonic seconds. service: namespace and name.
    looked_at: end of the last look. succeeded_at: of the last one without an error. Both are None before the first.
    state: after the last look; None without a rollout, or while another controller acts.
    view: of the last look at a rollout under way. errors: failed looks. refused: refused requests.
    """

    clock: Callable[[], float]
    service: str
    started_at: float = 0.0
    looked_at: float | None = None
    succeeded_at: float | None = None
    leader: bool = False
    errors: int = 0
    state: State | None = None
    view: View | None = None
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.started_at = self.clock()

    def looked(self, state: State | None, *, leader: bool) -> None:
        """Note a look that succeeded."""
        with self.lock:
            self.looked_at = self.succeeded_at = self.clock()
            self.state, self.leader = state, leader

    def failed(self) -> None:
        """Note a look that ended with an error."""
        with self.lock:
            self.looked_at = self.clock()
            self.errors += 1

    @property
    def live(self) -> bool:
        """Whether the loop looks often enough; its pod is restarted otherwise."""
        last = self.started_at if self.looked_at is None else self.looked_at
        return self.clock() - last < LIVE_S

    @property
    def ready(self) -> bool:
        """Whether a look has succeeded lately."""
        return self.succeeded_at is not None and self.clock() - self.succeeded_at < READY_S

    def metrics(self) -> str:
        """The figures, one a line."""
        with self.lock:
            return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        label = f"service={json.dumps(self.service)}"
        figures: dict[str, float] = {
            "tenure_rollout_leader": self.leader,
            "tenure_rollout_look_errors_total": self.errors,
            "tenure_rollout_requests_refused_total": self.refused,
        }
        if self.looked_at is not None:
            figures["tenure_rollout_seconds_since_look"] = self.clock() - self.looked_at
        if self.leader and self.state is not None:
            figures["tenure_rollout_canary_percent"] = self.state.percent
            figures["tenure_rollout_e_value"] = self.state.comparison.e_value()
        if self.leader and self.view is not None and self.state is not None and not self.state.phase.ended:
            figures["tenure_rollout_stable_floor_pods"] = self.view.floor
            if self.view.autoscaler_minimum is not None:
                figures["tenure_rollout_stable_autoscaler_minimum_pods"] = self.view.autoscaler_minimum
        for name, value in figures.items():
            yield f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}"
            yield f"{name}{{{label}}} {float(value):.9g}"
        if self.leader and self.state is not None:
            yield "# TYPE tenure_rollout_phase gauge"
            for phase in Phase:
                yield f"tenure_rollout_phase{{{label},phase={json.dumps(str(phase))}}} {int(phase is self.state.phase)}"


def serve(health: Health, port: int) -> ThreadingHTTPServer:
    """Answer /livez, /readyz and /metrics on ``port`` from a thread of its own; returns the server.

    Raises:
        InputError: the port is in use or not allowed.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, health.metrics(), "text/plain; version=0.0.4")
            elif self.path in ("/livez", "/readyz"):
                good = health.live if self.path == "/livez" else health.ready
                self._answer(200 if good else 503, "ok\n" if good else "no progress\n", "text/plain")
            else:
                self._answer(404, "not found\n", "text/plain")

        def _answer(self, status: int, text: str, kind: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Probes are not worth a line."""

    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError as error:
        raise InputError(f"--health-port {port}: {error.strerror or error}") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
