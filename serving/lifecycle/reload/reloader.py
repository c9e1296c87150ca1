"""Watches the folders of the served bundles.

A new bundle is read, verified and warmed up in a thread while the old one answers, and then replaces it. If that fails,
the old version is still served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from serving.lifecycle.reload.folder import Fingerprint, fingerprint
from serving.lifecycle.reload.trusted import read
from serving.observation import logs
from tenure.bundle import Bundle
from tenure.errors import BundleError, SignatureError, TenureError, one_line

_SETTLE_S = 0.3
"""A changed folder is checked at this interval until it stops changing: copying a bundle takes time."""
_SETTLE_CHECKS = 100


@dataclass
class Served:
    """A bundle that is served, its folder, and the folder's fingerprint from before it was read."""

    folder: Path
    seen: Fingerprint
    bundle: Bundle


class Install(Protocol):
    """Replaces the bundle that is served under a name."""

    def __call__(self, name: str, loaded: Bundle) -> None:
        """Called on the event loop; requests in flight keep the bundle that they started with."""


class Reloader:
    """Serves the bundles that the folders hold.

    Args:
        served: by model name.
        install: called with a new bundle that is ready to answer.
        threads: of ONNX Runtime for one prediction.
        every_s: seconds between checks; None checks on ``check_now`` only.
        count: called with the model's name and ``ok``, ``failed`` or, of a bundle that no trusted key signed,
            ``untrusted`` after each reload.
        trust: the trust root; None serves any bundle.
    """

    def __init__(
        self,
        served: dict[str, Served],
        install: Install,
        threads: int,
        every_s: float | None,
        count: Callable[[str, str], None] = lambda _, __: None,
        *,
        trust: Path | None = None,
    ) -> None:
        self._served = served
        self._install = install
        self._threads = threads
        self._every_s = every_s
        self._count = count
        self._trust = trust
        self._requested = asyncio.Event()

    def check_now(self) -> None:
        """Check the folders now, including one whose last bundle failed."""
        self._requested.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            requested = await self._wait()
            await self.check_all(retry=requested)

    async def check_all(self, *, retry: bool = False) -> None:
        """Reload every model whose folder changed."""
        for name, served in self._served.items():
            await self.check(name, served, retry=retry)

    async def check(self, name: str, served: Served, *, retry: bool = False) -> None:
        """Reload one model if its folder changed, or, with ``retry``, in any case."""
        now = await asyncio.to_thread(fingerprint, served.folder)
        if now == served.seen and not retry:
            return
        now = await self._settled(served.folder, now)
        served.seen = now
        try:
            loaded = await asyncio.to_thread(load, served.folder, self._threads, served.bundle, self._trust)
        except SignatureError as error:
            self._failed(name, served, one_line(error), "untrusted")
            return
        except TenureError as error:
            self._failed(name, served, one_line(error))
            return
        except Exception as error:  # the watcher must not end
            logs.server.error("unexpected error in a reload", exc_info=error)
            self._failed(name, served, type(error).__name__)
            return
        if loaded is None:
            return
        fields = {"model": name, "version": loaded.version, "before": served.bundle.version}
        self._install(name, loaded)
        served.bundle = loaded
        self._count(name, "ok")
        logs.server.info("reloaded", extra={"fields": fields})

    def _failed(self, name: str, served: Served, reason: str, outcome: str = "failed") -> None:
        self._count(name, outcome)
        fields = {"model": name, "version": served.bundle.version, "reason": reason}
        logs.server.error("the new bundle is refused; the old one is still served", extra={"fields": fields})

    async def _wait(self) -> bool:
        """Wait for the next check; returns whether ``check_now`` requested it."""
        try:
            async with asyncio.timeout(self._every_s):
                await self._requested.wait()
        except TimeoutError:
            return False
        self._requested.clear()
        return True

    async def _settled(self, folder: Path, before: Fingerprint) -> Fingerprint:
        for _ in range(_SETTLE_CHECKS):
            await asyncio.sleep(_SETTLE_S)
            now = await asyncio.to_thread(fingerprint, folder)
            if now == before:
                break
            before = now
        return before


def load(folder: Path, threads: int, old: Bundle, trust: Path | None = None) -> Bundle | None:
    """Read a bundle that is to replace ``old``; None if it is the same version.

    Raises:
        SignatureError: no key of the trust root signed the bundle.
        BundleError: the bundle is invalid, is of another contract, or its model does not run.
    """
    # Resolved once, so that a link that changes meanwhile does not mix two bundles.
    loaded = read(folder.resolve(), threads, trust)
    if loaded.version == old.version:
        return None
    if loaded.contract.name != old.contract.name:
        raise BundleError(f"{folder}: a bundle of '{loaded.contract.name}' cannot replace one of '{old.contract.name}'")
    warm_up(loaded, folder)
    return loaded


def warm_up(loaded: Bundle, folder: Path) -> None:
    """Run the model and the explainer once, so that first requests do not wait for initialisation.

    Raises:
        BundleError: the model does not run.
    """
    row = np.zeros((1, len(loaded.transform.features)), dtype=np.float32)
    try:
        score = loaded.score_matrix(row)
        loaded.explainer.reasons(row, 1)
    except Exception as error:
        raise BundleError(f"{folder}: its model does not run: {one_line(error, 200)}") from error
    if not np.isfinite(score).all():
        raise BundleError(f"{folder}: its model's score of a row of zeros is {score[0]}")
