"""Watches the folders of the served bundles.

A new bundle is read, checked and warmed up in a thread, while the old one answers; only then it takes the name. One
that fails changes nothing: the old version serves on, and the new one is not ready because it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from serving.lifecycle.reload.folder import Fingerprint, fingerprint
from serving.observation import logs
from tenure import bundle
from tenure.bundle import Bundle
from tenure.decision import ValueDecision
from tenure.errors import BundleError, TenureError

_SETTLE_S = 0.3
"""A folder that changes is looked at this often until it is still: copying a bundle takes a while."""
_SETTLE_LOOKS = 100


@dataclass
class Served:
    """A bundle that is served, where it came from, and how it looked there before it was read."""

    folder: Path
    seen: Fingerprint
    bundle: Bundle


class Install(Protocol):
    """Puts a bundle in the place of the one that a name serves."""

    def __call__(self, name: str, loaded: Bundle) -> None:
        """Called on the event loop: requests in flight keep the bundle that they began with."""


class Reloader:
    """Serves what the folders hold.

    Args:
        served: by model name.
        install: takes a new bundle that is ready to answer.
        threads: of ONNX Runtime for one prediction.
        every_s: how often to look; None to look only when told to.
        count: told the model's name and ``ok`` or ``failed`` at the end of each reload.
    """

    def __init__(
        self,
        served: dict[str, Served],
        install: Install,
        threads: int,
        every_s: float | None,
        count: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        self._served = served
        self._install = install
        self._threads = threads
        self._every_s = every_s
        self._count = count
        self._told = asyncio.Event()

    def look_now(self) -> None:
        """Look at the folders now, as SIGHUP asks for; also at one whose last bundle failed."""
        self._told.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            told = await self._wait()
            await self.look_at_all(again=told)

    async def look_at_all(self, *, again: bool = False) -> None:
        """Reload every model whose folder changed."""
        for name, served in self._served.items():
            await self.look(name, served, again=again)

    async def look(self, name: str, served: Served, *, again: bool = False) -> None:
        """Reload one model if its folder changed, or was changed before and failed and is to be tried ``again``."""
        now = await asyncio.to_thread(fingerprint, served.folder)
        if now == served.seen and not again:
            return
        now = await self._settled(served.folder, now)
        served.seen = now
        try:
            loaded = await asyncio.to_thread(load, served.folder, self._threads, served.bundle)
        except TenureError as error:
            self._failed(name, served, " ".join(str(error).split()))
            return
        except Exception as error:  # a watcher that ends would leave this version for good
            logs.server.error("unforeseen error in a reload", exc_info=error)
            self._failed(name, served, type(error).__name__)
            return
        if loaded is None:
            return
        fields = {"model": name, "version": loaded.version, "before": served.bundle.version}
        self._install(name, loaded)
        served.bundle = loaded
        self._count(name, "ok")
        logs.server.info("reloaded", extra={"fields": fields})

    def _failed(self, name: str, served: Served, reason: str) -> None:
        self._count(name, "failed")
        fields = {"model": name, "version": served.bundle.version, "reason": reason}
        logs.server.error("the new bundle is refused; the old one serves on", extra={"fields": fields})

    async def _wait(self) -> bool:
        """Whether somebody asked, rather than the time being over."""
        try:
            async with asyncio.timeout(self._every_s):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True

    async def _settled(self, folder: Path, before: Fingerprint) -> Fingerprint:
        for _ in range(_SETTLE_LOOKS):
            await asyncio.sleep(_SETTLE_S)
            now = await asyncio.to_thread(fingerprint, folder)
            if now == before:
                break
            before = now
        return before


def load(folder: Path, threads: int, old: Bundle) -> Bundle | None:
    """Read a bundle that is to follow ``old``; None if it is the same version.

    Raises:
        BundleError: it cannot be served in its place.
    """
    # Resolved once: a link that moves meanwhile must not give files of two bundles.
    loaded = bundle.read(folder.resolve(), threads=threads)
    if loaded.version == old.version:
        return None
    if loaded.contract.name != old.contract.name:
        raise BundleError(f"{folder}: a bundle of '{loaded.contract.name}' cannot follow one of '{old.contract.name}'")
    warm_up(loaded, folder)
    return loaded


def warm_up(loaded: Bundle, folder: Path) -> None:
    """Do once what the first requests would wait for.

    Raises:
        BundleError: the model does not run.
    """
    row = np.zeros((1, len(loaded.transform.features)), dtype=np.float32)
    try:
        if isinstance(loaded.decision, ValueDecision):
            score = loaded.decision.value(loaded.model.margin(row))
        else:
            score = loaded.decision.calibrate(*loaded.score_matrix(row))
        loaded.explainer.reasons(row, 1)
    except Exception as error:
        raise BundleError(f"{folder}: its model does not run: {' '.join(str(error).split())[:200]}") from error
    if not np.isfinite(score).all():
        raise BundleError(f"{folder}: its model's score of a row of zeros is {score[0]}")
