"""A line in the log for every inference request."""

from __future__ import annotations

from serving import logs
from serving.call import Answered


class AccessLog:
    """Writes what was asked, with what status it was answered, and how long that took."""

    def note(self, answered: Answered) -> None:
        call = answered.call
        fields = {
            "request_id": call.request_id,
            "method": call.method,
            "path": call.path,
            "status": answered.code,
            "took_ms": round(answered.took_s * 1000, 3),
        }
        logs.access.info("request", extra={"fields": fields})
