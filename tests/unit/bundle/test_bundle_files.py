"""Verification of a bundle before it is parsed, and atomic writing."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property_profiles import examples

from tenure import bundle
from tenure.bundle import files as files_module
from tenure.bundle.manifest import FILE_NAMES, MAX_MANIFEST_BYTES, FileEntry, content_version
from tenure.errors import BundleError, StorageError

MANIFEST = "manifest.json"


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    copy = tmp_path / "bundle"
    shutil.copytree(small_bundle.folder, copy)
    return copy


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        bundle.read(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def reseal(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and recompute its checksum, as an attacker would."""
    document = json.loads((folder / MANIFEST).read_text())
    del document["manifest_sha256"]
    change(document)
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    document["manifest_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Replace a file's content, with its hash and the version recomputed."""
    (folder / name).write_bytes(content)

    def change(document: dict[str, Any]) -> None:
        document["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        document["version"] = content_version({n: FileEntry(**entry) for n, entry in document["files"].items()})

    reseal(folder, change)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([*FILE_NAMES, MANIFEST]), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(folder: Path, name: str, place: float, bit: int) -> None:
    path = folder / name
    before = path.read_bytes()
    changed = bytearray(before)
    changed[int(place * len(before))] ^= 1 << bit
    path.write_bytes(changed)
    try:
        refusal(folder)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", [*FILE_NAMES, MANIFEST])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert name in refusal(folder)


@pytest.mark.parametrize("name", ["model.pkl", ".DS_Store", "weights.bin"])
def test_an_extra_file(folder: Path, name: str) -> None:
    (folder / name).write_bytes(pickle.dumps({}))
    assert f"'{name}' is not in manifest.json" in refusal(folder)


def test_an_extra_folder(folder: Path) -> None:
    (folder / "code").mkdir()
    assert "'code' is not a plain file" in refusal(folder)


def test_a_symbolic_link_in_the_place_of_a_file(folder: Path, tmp_path: Path) -> None:
    (folder / "model.onnx").rename(tmp_path / "model.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "model.onnx")
    assert "'model.onnx' is not a plain file" in refusal(folder)


def test_a_pipe_in_the_place_of_a_file_does_not_hang(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    os.mkfifo(folder / "model.onnx")
    assert "'model.onnx' is not a plain file" in refusal(folder)


def test_the_folder_itself_may_be_a_link(small_bundle: Any, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(small_bundle.folder)
    assert bundle.read(tmp_path / "models").contract.name == "telco"


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "a/b", "model.onnx\x00", "..", "MODEL.ONNX", "\u202eonnx"]
)
def test_a_file_name_that_a_bundle_does_not_have(folder: Path, name: str) -> None:
    reseal(folder, lambda document: document["files"].update({name: document["files"]["model.onnx"]}))
    assert "names a file that a bundle does not have" in refusal(folder)


@pytest.mark.parametrize("size", [-1, 2**40, 1.5, "12", None, True])
def test_invalid_sizes(folder: Path, size: Any) -> None:
    reseal(folder, lambda document: document["files"]["model.onnx"].update({"bytes": size}))
    assert "files.model.onnx.bytes" in refusal(folder)


def test_another_size_than_the_files(folder: Path) -> None:
    reseal(folder, lambda document: document["files"]["model.onnx"].update({"bytes": 10}))
    assert "the manifest says 10" in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 4),
        ("format", "1"),
        ("name", "../telco"),
        ("version", "latest"),
        ("family", "rm -rf"),
        ("created_at", "line\nbreak"),
        ("contract_hash", "0" * 63),
        ("libraries", {"numpy": 2}),
        ("files", []),
        ("command", "anything"),
    ],
)
def test_manifest_values_are_strict(folder: Path, key: str, value: Any) -> None:
    reseal(folder, lambda document: document.update({key: value}))
    assert key in refusal(folder)


def test_a_manifest_that_names_a_file_twice(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    entry = '"model.onnx": {"bytes": 1, "sha256": "' + "0" * 64 + '"},'
    (folder / MANIFEST).write_text(text.replace('"files": {', '"files": {' + entry, 1))
    assert "key 'model.onnx' is repeated" in refusal(folder)


def test_a_manifest_without_end(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b" " * (MAX_MANIFEST_BYTES + 1))
    assert f"{MAX_MANIFEST_BYTES} are allowed" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 30_000, b'"text"'])
def test_a_manifest_that_is_something_else(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert MANIFEST in refusal(folder)


def test_a_version_of_other_files(folder: Path) -> None:
    reseal(folder, lambda document: document.update({"version": "0" * 12}))
    assert "version 000000000000 is not that of its files" in refusal(folder)


def test_a_manifest_laid_out_otherwise(folder: Path) -> None:
    document = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(document))
    assert "changed after it was written" in refusal(folder)


NONSENSE = {
    "pickle": pickle.dumps(print),
    "empty": b"",
    "null": b"null",
    "object": b"{}",
    "list": b"[]",
    "opcode": b"\x80\x04",
    "deep": b"[" * 100_000,
}
CASES = [(name, kind) for name in FILE_NAMES for kind in NONSENSE if (name, kind) != ("profile.json", "object")]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_content_of_another_kind_is_refused(folder: Path, name: str, kind: str) -> None:
    replace_file(folder, name, NONSENSE[kind])
    assert name in refusal(folder)


def npz(arrays: dict[str, Any], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=True)
            archive.writestr(f"{name}.npy", part.getvalue())
    return buffer.getvalue()


class Boom:
    def __reduce__(self) -> tuple:
        return (Path("/tmp/tenure-was-here").touch, ())


def test_a_pickle_inside_the_arrays_is_not_run(folder: Path) -> None:
    replace_file(folder, "explain.npz", npz({"weights": np.array([Boom()], dtype=object)}))
    assert "explain.npz" in refusal(folder)
    assert not Path("/tmp/tenure-was-here").exists()


def test_compressed_arrays(folder: Path) -> None:
    arrays = {"weights": np.zeros(10), "intercept": 0.0, "means": np.zeros(10)}
    replace_file(folder, "explain.npz", npz(arrays, zipfile.ZIP_DEFLATED))
    assert "explain.npz: an array is compressed" in refusal(folder)


def test_an_array_that_announces_more_than_it_has(folder: Path) -> None:
    whole = npz({"weights": np.zeros(10), "intercept": 0.0, "means": np.zeros(10)})
    replace_file(folder, "explain.npz", whole.replace(b"(10,)", b"(99,)"))
    assert "explain.npz" in refusal(folder)


def test_weights_outside_of_the_model(folder: Path, tmp_path: Path) -> None:
    import onnx

    (tmp_path / "weights.bin").write_bytes(np.zeros(4, dtype=np.float32).tobytes())
    for location in ("weights.bin", "../weights.bin", str(tmp_path / "weights.bin")):
        weights = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=1)
        weights.external_data.add(key="location", value=location)
        value = onnx.helper.make_tensor_value_info("features", 1, ["n", 4])
        add = onnx.helper.make_node("Add", ["features", "w"], ["margin"])
        out = onnx.helper.make_tensor_value_info("margin", 1, ["n", 4])
        graph = onnx.helper.make_graph([add], "g", [value], [out], [weights])
        opset = [onnx.helper.make_opsetid("", 18)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
        replace_file(folder, "model.onnx", model.SerializeToString())
        assert "model.onnx: no exporter of Tenure writes such a graph: field 5 of Graph" in refusal(folder)


def test_a_model_of_other_inputs(folder: Path) -> None:
    import onnx

    value = onnx.helper.make_tensor_value_info("features", 1, ["n", 3])
    outputs = [onnx.helper.make_tensor_value_info(name, 1, ["n", 3]) for name in ("margin", "probability")]
    nodes = [onnx.helper.make_node("Identity", ["features"], [name]) for name in ("margin", "probability")]
    opset = [onnx.helper.make_opsetid("", 20), onnx.helper.make_opsetid("ai.onnx.ml", 5)]
    graph = onnx.helper.make_graph(nodes, "g", [value], outputs)
    replace_file(
        folder, "model.onnx", onnx.helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    )
    assert "model.onnx: its inputs are" in refusal(folder)


def test_another_contract_than_the_manifests(folder: Path) -> None:
    text = (folder / "contract.yaml").read_bytes().replace(b"customer_value: 600", b"customer_value: 601")
    text = text if text != (folder / "contract.yaml").read_bytes() else text + b"description: other\n"
    replace_file(folder, "contract.yaml", text)
    assert "contract.yaml" in refusal(folder)


def test_places_without_a_bundle(tmp_path: Path) -> None:
    assert "there is no such folder" in refusal(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    assert "it is a file" in refusal(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "it has no manifest.json" in refusal(tmp_path / "empty")
    (tmp_path / "many").mkdir()
    for number in range(70):
        (tmp_path / "many" / str(number)).touch()
    assert "more than 64 files" in refusal(tmp_path / "many")


def test_a_full_disk_leaves_nothing_behind(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, contents = files_module.read_files(folder)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "out" / "bundle"
    with pytest.raises(StorageError, match="cannot write the bundle: No space left on device"):
        files_module.write_files(target, manifest, contents)
    assert list(target.parent.iterdir()) == []


def test_an_existing_bundle_is_not_overwritten(folder: Path) -> None:
    manifest, contents = files_module.read_files(folder)
    before = (folder / MANIFEST).stat().st_mtime_ns
    with pytest.raises(BundleError, match="exists and is not empty"):
        files_module.write_files(folder, manifest, contents)
    assert (folder / MANIFEST).stat().st_mtime_ns == before
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_an_empty_folder_may_wait_for_the_bundle(folder: Path, tmp_path: Path) -> None:
    manifest, contents = files_module.read_files(folder)
    (tmp_path / "waiting").mkdir()
    files_module.write_files(tmp_path / "waiting", manifest, contents)
    assert bundle.read(tmp_path / "waiting").version == manifest.version
