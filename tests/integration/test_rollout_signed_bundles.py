"""Rollouts with a trust root: which bundles a canary is started for, by the commands that operators type."""

# ruff: noqa: F401, F811 (a fixture is imported, and used as an argument of the same name)

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from signed_bundles import sign_folder, write_trust
from test_rollout_commands import URI, World, world

from tenure.signing import SigningKey

pytestmark = pytest.mark.slow

KEY = SigningKey.generate()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def bundle_in_store(small_bundle: Any, tmp_path: Path) -> Path:
    """The folder behind ``URI``, with a bundle that is not signed."""
    folder = tmp_path / "store" / URI.removeprefix("s3://")
    shutil.copytree(small_bundle.folder, folder)
    return folder


@pytest.fixture
def environment(bundle_in_store: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Where the store is, and which key is trusted."""
    handler = functools.partial(_Quiet, directory=str(tmp_path / "store"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as store:
        threading.Thread(target=store.serve_forever, daemon=True).start()
        yield {
            "AWS_ACCESS_KEY_ID": "me",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.server_address[1]}",
            "TENURE_TRUST": str(write_trust(tmp_path / "trust.pem", KEY)),
        }
        store.shutdown()


def started(world: World, environment: dict[str, str]) -> Any:
    return world.command("start", "churn", "--version", "7", "--storage-uri", URI, **environment)


def test_only_a_bundle_of_a_trusted_key_gets_a_canary(
    world: World, bundle_in_store: Path, environment: dict[str, str]
) -> None:
    answer = started(world, environment)
    assert (answer.returncode, "it is not signed" in answer.stderr) == (2, True), answer.stderr
    sign_folder(bundle_in_store, SigningKey.generate())
    answer = started(world, environment)
    assert (answer.returncode, "not signed by a trusted key" in answer.stderr) == (2, True), answer.stderr
    assert world.server.get("configmaps", "churn-rollout") is None
    sign_folder(bundle_in_store, KEY)
    answer = started(world, environment)
    assert answer.returncode == 0, answer.stderr
    assert "version 7 goes out" in answer.stdout


def test_a_controller_without_its_trust_root_does_not_start(world: World, environment: dict[str, str]) -> None:
    for trust in ("", "/nowhere"):
        answer = world.command(
            "run", "churn", "--prometheus", "http://127.0.0.1:1", **environment | {"TENURE_TRUST": trust}
        )
        assert answer.returncode == 2
        assert answer.stderr.count("\n") == 1
