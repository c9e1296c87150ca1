"""A model server with a trust root: what it starts with, and what it takes over while it runs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundle_variants import renamed
from server_process import command, started
from signed_bundles import sign_folder, write_trust

from tenure.signing import SigningKey

pytestmark = pytest.mark.slow

KEY = SigningKey.generate()


@pytest.fixture
def signed(small_bundle: Any, tmp_path: Path) -> Path:
    shutil.copytree(small_bundle.folder, tmp_path / "v1")
    sign_folder(tmp_path / "v1", KEY)
    return tmp_path / "v1"


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    return write_trust(tmp_path / "trust.pem", KEY)


def wait_until(happened: Callable[[], bool], limit_s: float = 20.0) -> None:
    ends = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_reloads_by_watching_and_by_signal(signed: Path, trust: Path, small_bundle: Any, tmp_path: Path) -> None:
    renamed(small_bundle.folder, tmp_path / "foreign", "x")
    sign_folder(tmp_path / "foreign", SigningKey.generate())
    second = renamed(small_bundle.folder, tmp_path / "v2", "xx")
    sign_folder(tmp_path / "v2", KEY)
    link = tmp_path / "current"
    link.symlink_to("v1")

    def move(target: str) -> None:
        (tmp_path / "next").symlink_to(target)
        (tmp_path / "next").rename(link)

    with started(link, tmp_path / "log", "--watch-s", "0.2", "--trust", str(trust)) as server:
        move("foreign")
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="untrusted"} 1.0' in server.metrics())
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="untrusted"} 2.0' in server.metrics())
        move("v2")
        wait_until(lambda: 'tenure_reloads_total{model="telco",outcome="ok"} 1.0' in server.metrics())
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    valid = [line for line in lines if line["message"] == "the bundle's signature is valid"]
    assert [line["signed_by"] for line in valid] == ["ann", "ann"]
    assert valid[-1]["version"] == second


@pytest.mark.parametrize("how", ["option", "variable"])
def test_an_unsigned_bundle_ends_the_process_with_one_line(
    small_bundle: Any, trust: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENURE_TRUST", raising=False)
    if how == "variable":
        monkeypatch.setenv("TENURE_TRUST", str(trust))
    options = ["--trust", str(trust)] if how == "option" else []
    done = subprocess.run(
        command("--model", f"telco={small_bundle.folder}", *options),
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    (line,) = done.stderr.strip().splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is not signed: it has no signature.json" in json.loads(line)["message"]


@pytest.mark.parametrize("trust_root", ["", " ", "/nowhere/keys"])
def test_a_trust_root_that_is_lost_stops_the_server(small_bundle: Any, trust_root: str) -> None:
    done = subprocess.run(
        command("--model", f"telco={small_bundle.folder}", "--trust", trust_root),
        check=False, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is empty" in done.stderr or "cannot be read" in done.stderr
