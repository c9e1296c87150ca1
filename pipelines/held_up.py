"""What holds a run up: pods that wait for an image, for room on a node, for a Secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pipelines.workflow import Workflow
from tenure.errors import TenureError

LOOK_S = 20.0
"""A workflow is a long document; it is not asked for at every poll."""
PULL_PATIENCE_S = 180.0
"""How long a registry may refuse or an image be away before waiting for it is pointless."""


class HeldUp:
    """Looks at a run's pods now and then."""

    def __init__(self, look: Callable[[], Workflow | None], shown: str) -> None:
        """
        Args:
            look: asks for the workflow.
            shown: where people see the run.
        """
        self._look = look
        self._shown = shown
        self._reasons: Mapping[str, str] = {}
        self._looked_at = time.monotonic()
        self._without_image_since: float | None = None

    def reasons(self) -> Mapping[str, str]:
        """Step to what its pod waits for.

        Raises:
            TenureError: a pod has no image for ``PULL_PATIENCE_S``.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return self._reasons
        self._looked_at = now
        found = self._look()
        if found is None:
            return self._reasons
        self._reasons = found.waiting
        lacking = found.without_image
        if lacking is None:
            self._without_image_since = None
        elif self._without_image_since is None:
            self._without_image_since = now
        elif now - self._without_image_since >= PULL_PATIENCE_S:
            raise TenureError(
                f"step {lacking.step} cannot start, {lacking.message}: push the image or load it into the cluster, "
                f"and the run goes on by itself; {self._shown}"
            )
        return self._reasons
