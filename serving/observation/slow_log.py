"""A line in the log for every slow request, with the time of its parts."""

from __future__ import annotations

from serving.inference.call import Answered
from serving.observation import logs
from serving.observation.metrics import SLOW


class SlowLog:
    """An observer of slow requests.

    Args:
        slow_ms: time from a request's first byte to its answer from which it is slow; includes the client's sending.
    """

    def __init__(self, slow_ms: float) -> None:
        self._slow_s = slow_ms / 1000.0

    def note(self, answered: Answered) -> None:
        if answered.took_s < self._slow_s:
            return
        call, query = answered.call, answered.query
        fields: dict[str, object] = {
            "request_id": call.request_id,
            "path": call.path,
            "status": answered.code,
            "took_ms": _ms(answered.took_s),
            **{f"{part}_ms": _ms(took_s) for part, took_s in seconds_by_part(answered).items()},
        }
        if query is not None:
            fields |= {"rows": query.rows, "explain": query.options.explain}
        logs.server.warning("slow request", extra={"fields": fields})
        SLOW.labels("" if answered.model is None else answered.model.name).inc()


def seconds_by_part(answered: Answered) -> dict[str, float]:
    """Seconds of the parts that the request reached, in order: ``read``, ``predict``, ``write``.

    ``read`` includes the wait for the request's body, ``predict`` the wait for a thread.
    """
    ends = {"read": answered.read_at, "predict": answered.predicted_at}
    found: dict[str, float] = {}
    before = answered.call.started
    for part, end in ends.items():
        if not end:
            # It ended within this part.
            return {**found, part: answered.call.started + answered.took_s - before}
        found[part] = end - before
        before = end
    return {**found, "write": answered.call.started + answered.took_s - before}


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 3)
