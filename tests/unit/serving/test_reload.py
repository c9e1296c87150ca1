"""Reloading a changed bundle, and keeping the old one if the new one is invalid."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from bundle_variants import failing, renamed, variant
from signed_bundles import sign_folder, write_trust

from serving.lifecycle.reload import Reloader, Served, fingerprint
from serving.lifecycle.reload import reloader as module
from tenure import bundle
from tenure.signing import SigningKey


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLE_S", 0.01)


class Watch:
    """A reloader of one model, with a record of its reloads."""

    def __init__(self, folder: Path, every_s: float | None = None, trust: Path | None = None) -> None:
        self.served = Served(folder, fingerprint(folder), bundle.read(folder))
        self.installed: list[str] = []
        self.counted: list[str] = []
        self.reloader = Reloader({"telco": self.served}, self.install, 1, every_s, self.count, trust=trust)

    def install(self, name: str, loaded: bundle.Bundle) -> None:
        assert name == "telco"
        self.installed.append(loaded.version)

    def count(self, name: str, result: str) -> None:
        assert name == "telco"
        self.counted.append(result)

    def look(self, *, again: bool = False) -> None:
        asyncio.run(self.reloader.check("telco", self.served, retry=again))


@pytest.fixture
def link(small_bundle: Any, tmp_path: Path) -> Path:
    """A symbolic link to a bundle, as in deployments that switch by moving it."""
    shutil.copytree(small_bundle.folder, tmp_path / "v1")
    (tmp_path / "current").symlink_to("v1")
    return tmp_path / "current"


def move(link: Path, target: str) -> None:
    other = link.with_name("next")
    other.symlink_to(target)
    other.rename(link)


def test_nothing_changed(link: Path) -> None:
    watch = Watch(link)
    watch.look()
    watch.look(again=True)
    assert (watch.installed, watch.counted) == ([], [])


def test_a_moved_link_and_a_folder_replaced_in_place(link: Path, small_bundle: Any, tmp_path: Path) -> None:
    watch = Watch(link)
    second = renamed(small_bundle.folder, tmp_path / "v2", "x")
    move(link, "v2")
    watch.look()
    watch.look()
    third = renamed(small_bundle.folder, tmp_path / "v3", "xx")
    shutil.rmtree(tmp_path / "v2")
    (tmp_path / "v3").rename(tmp_path / "v2")
    watch.look()
    assert watch.installed == [second, third]
    assert watch.counted == ["ok", "ok"]
    assert watch.served.bundle.version == third


def test_a_touched_bundle_of_the_same_version_is_no_reload(link: Path) -> None:
    watch = Watch(link)
    os.utime(link / "model.onnx")
    watch.look()
    assert (watch.installed, watch.counted) == ([], [])


def spoiled(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    (target / "model.onnx").write_bytes(b"no model")


def another_contract(source: Path, target: Path) -> None:
    from tenure.bundle.files import describe, read_files, write_files
    from tenure.bundle.manifest import content_version
    from tenure.contract import contract_hash, parse

    manifest, contents = read_files(source)
    contents["contract.yaml"] = contents["contract.yaml"].replace(b"name: telco", b"name: bank", 1)
    contract = parse(contents["contract.yaml"].decode(), origin="x")
    files = {name: describe(content) for name, content in contents.items()}
    changes = {
        "files": files,
        "version": content_version(files),
        "name": contract.name,
        "contract_hash": contract_hash(contract),
    }
    write_files(target, manifest.model_copy(update=changes), contents)


def cannot_run(source: Path, target: Path) -> None:
    failing(source, target, feature=0, above=-1e9)


def no_score(source: Path, target: Path) -> None:
    """A model whose margin is NaN everywhere."""

    def change(contents: dict[str, bytes]) -> None:
        import onnx
        from onnx import helper

        loaded = onnx.load_model_from_string(contents["model.onnx"])
        for node in loaded.graph.node:
            for position, name in enumerate(node.output):
                if name in ("margin", "probability"):
                    node.output[position] = f"{name}_before"
        for node in loaded.graph.node:
            for position, name in enumerate(node.input):
                if name in ("margin", "probability"):
                    node.input[position] = f"{name}_before"
        for name in ("margin", "probability"):
            loaded.graph.node.append(helper.make_node("Sub", [f"{name}_before"] * 2, [f"{name}_zero"]))
            loaded.graph.node.append(helper.make_node("Div", [f"{name}_zero"] * 2, [name]))
        contents["model.onnx"] = loaded.SerializeToString()

    variant(source, target, change)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (spoiled, "model.onnx has 8 bytes"),
        (lambda _, target: target.mkdir(), "not a bundle"),
        (lambda _, target: target.write_text(""), "it is a file"),
        (another_contract, "a bundle of 'bank' cannot replace one of 'telco'"),
        (cannot_run, "its model does not run"),
        (no_score, "score of a row of zeros is nan"),
    ],
)
def test_an_invalid_bundle_leaves_the_old_one_serving(
    link: Path, small_bundle: Any, tmp_path: Path, make: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(link)
    before = watch.served.bundle.version
    make(small_bundle.folder, tmp_path / "v2")
    move(link, "v2")
    watch.look()
    watch.look()
    assert (watch.installed, watch.counted) == ([], ["failed"]), "told once, not at every look"
    assert watch.served.bundle.version == before
    assert len(caplog.records) == 1
    assert reason in caplog.records[0].fields["reason"]
    watch.look(again=True)
    assert watch.counted == ["failed"] * 2, "SIGHUP tries again"
    third = renamed(small_bundle.folder, tmp_path / "v3", "x")
    move(link, "v3")
    watch.look()
    assert watch.installed == [third]


def test_a_regressions_bundle_reloads_too(small_value_bundle: Any, tmp_path: Path) -> None:
    shutil.copytree(small_value_bundle.folder, tmp_path / "v1")
    (tmp_path / "current").symlink_to("v1")
    watch = Watch(tmp_path / "current")
    second = renamed(small_value_bundle.folder, tmp_path / "v2", "x")
    move(tmp_path / "current", "v2")
    watch.look()
    assert watch.installed == [second]


def test_a_folder_that_is_gone_and_comes_back(link: Path, tmp_path: Path) -> None:
    watch = Watch(link)
    link.rename(tmp_path / "aside")
    watch.look()
    assert watch.counted == ["failed"]
    (tmp_path / "aside").rename(link)
    watch.look()
    assert (watch.installed, watch.counted) == ([], ["failed"])


def test_a_copy_under_way_is_waited_for(link: Path, small_bundle: Any, tmp_path: Path) -> None:
    watch = Watch(link)
    second = renamed(small_bundle.folder, tmp_path / "new", "x")

    async def copy() -> None:
        for file in sorted((tmp_path / "new").iterdir(), reverse=True):
            shutil.copyfile(file, tmp_path / "v1" / file.name)
            await asyncio.sleep(0.005)

    async def both() -> None:
        copying = asyncio.create_task(copy())
        await asyncio.sleep(0.01)
        await watch.reloader.check("telco", watch.served)
        await copying

    asyncio.run(both())
    assert (watch.installed, watch.counted) == ([second], ["ok"])


def test_it_watches_by_itself_and_when_told(link: Path, small_bundle: Any, tmp_path: Path) -> None:
    second = renamed(small_bundle.folder, tmp_path / "v2", "x")
    third = renamed(small_bundle.folder, tmp_path / "v3", "xx")

    async def until(watch: Watch, count: int) -> None:
        async with asyncio.timeout(20):
            while len(watch.installed) < count:
                await asyncio.sleep(0.01)

    async def by_itself(watch: Watch) -> None:
        running = asyncio.create_task(watch.reloader.run())
        move(link, "v2")
        await until(watch, 1)
        running.cancel()

    async def told(watch: Watch) -> None:
        running = asyncio.create_task(watch.reloader.run())
        await asyncio.sleep(0.05)
        move(link, "v3")
        await asyncio.sleep(0.1)
        assert watch.installed == []
        watch.reloader.check_now()
        await until(watch, 1)
        running.cancel()

    watch = Watch(link, every_s=0.02)
    asyncio.run(by_itself(watch))
    assert watch.installed == [second]
    watch = Watch(link)
    asyncio.run(told(watch))
    assert watch.installed == [third]


def test_a_foreign_bundle_leaves_the_old_one_serving(link: Path, small_bundle: Any, tmp_path: Path) -> None:
    key = SigningKey.generate()
    sign_folder(tmp_path / "v1", key)
    watch = Watch(link, trust=write_trust(tmp_path / "trust.pem", key))
    before = watch.served.bundle.version
    renamed(small_bundle.folder, tmp_path / "unsigned", "x")
    renamed(small_bundle.folder, tmp_path / "foreign", "xx")
    sign_folder(tmp_path / "foreign", SigningKey.generate())
    second = renamed(small_bundle.folder, tmp_path / "signed", "xxx")
    sign_folder(tmp_path / "signed", key)
    for target in ("unsigned", "foreign"):
        move(link, target)
        watch.look()
        assert watch.served.bundle.version == before
    move(link, "signed")
    watch.look()
    assert watch.installed == [second]
    assert watch.counted == ["untrusted", "untrusted", "ok"]


def test_a_key_is_removed_and_another_added(link: Path, tmp_path: Path) -> None:
    """The trust root is read anew: SIGHUP notices that the served bundle's key is not trusted any more."""
    old, new = SigningKey.generate(), SigningKey.generate()
    sign_folder(tmp_path / "v1", old)
    trust = write_trust(tmp_path / "trust.pem", old, new)
    watch = Watch(link, trust=trust)
    write_trust(trust, new)
    watch.look(again=True)
    sign_folder(tmp_path / "v1", new)
    watch.look()
    trust.unlink()
    watch.look(again=True)
    assert watch.counted == ["untrusted", "failed"]
    assert watch.installed == []
