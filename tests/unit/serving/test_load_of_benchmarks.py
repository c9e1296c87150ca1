"""The load of the serving benchmark: an open loop without omissions, and optional peers."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from benchmarks.load import Load, _drive
from benchmarks.peers import mlserver


def test_an_open_loop_takes_every_turn_and_counts_from_when_it_was_due() -> None:
    """A server that stalls during the whole run: a closed loop would report a single slow request."""

    async def run() -> tuple[Load, int]:
        asked = 0

        async def ask() -> bool:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0.4 if asked == 1 else 0.0)
            return asked != 5

        return await _drive([ask], 0.2, 100.0), asked

    load, asked = asyncio.run(run())
    assert (load.requests, asked, load.errors) == (20, 20, 1)
    # The tenth was due at 0.09 s, and none was sent before 0.4 s.
    assert load.p50_ms > 250
    assert load.p99_ms > 350


def test_a_closed_loop_asks_as_soon_as_it_is_answered() -> None:
    async def run() -> Load:
        async def ask() -> bool:
            await asyncio.sleep(0.01)
            return True

        return await _drive([ask, ask], 0.1, 0.0)

    load = asyncio.run(run())
    assert 2 <= load.requests <= 20
    assert load.errors == 0


def test_a_peer_that_cannot_be_installed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/false")
    with pytest.raises(mlserver.NotInstalledError, match="/bin/false"):
        mlserver.install(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_peer_that_is_installed_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/false")
    (tmp_path / "whole").touch()
    assert mlserver.install(tmp_path) == tmp_path / "bin" / "mlserver"
