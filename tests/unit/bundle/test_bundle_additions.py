"""Additions of a bundle: their outputs, their files, and invalid files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_variants import accompanied, clustered, variant

from tenure import bundle
from tenure.bundle.additions import FILE_NAMES, AddedColumn, check_columns
from tenure.bundle.additions.kinds.clusters import MAX_TEXT, Clusters
from tenure.bundle.files import read_files, write_files
from tenure.errors import BundleError

FILE = "clusters.json"


@pytest.fixture
def folder(small_bundle: Any, tmp_path: Path) -> Path:
    clustered(small_bundle.folder, tmp_path / "clustered")
    return tmp_path / "clustered"


def columns_of(made: Any, count: int = 200) -> dict[str, list]:
    return {name: made.rows[name].to_pylist()[:count] for name in made.rows.column_names}


def test_kinds_are_found_by_their_files() -> None:
    assert FILE in FILE_NAMES


def test_an_addition_is_read_back_equal(folder: Path) -> None:
    (clusters,) = bundle.read(folder).additions
    assert json.dumps(clusters.to_document()) == (folder / FILE).read_text()


def test_nothing_is_computed_unless_it_is_asked_for(
    folder: Path, small_bundle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, columns = bundle.read(folder), columns_of(small_bundle)
    asked = loaded.predict(columns, additions=True)
    assert asked.added is not None and set(asked.added["cluster"]) <= {"1", "2", "3"}
    monkeypatch.delattr(Clusters, "values")
    plain = loaded.predict(columns)
    assert plain.added is None
    np.testing.assert_array_equal(plain.score, asked.score)
    assert all(found.added is None for found in loaded.predict_each([columns_of(small_bundle, 1)] * 2))  # type: ignore[union-attr]


def test_a_rows_cluster_is_the_nearest_centre_and_depends_on_the_row_alone(folder: Path, small_bundle: Any) -> None:
    loaded, columns = bundle.read(folder), columns_of(small_bundle)
    (clusters,) = loaded.additions
    assert isinstance(clusters, Clusters)
    matrix = loaded.transform.encode(columns).matrix.astype(np.float64)
    rows = np.clip(matrix, clusters.low, clusters.high)
    distances = (((rows[:, None, :] - clusters.centres) * clusters.weights) ** 2).sum(axis=2)
    added = loaded.predict(columns, additions=True).added
    assert added is not None
    assert added["cluster"] == [str(place + 1) for place in distances.argmin(axis=1)]
    for place in range(50):
        row = {name: values[place : place + 1] for name, values in columns.items()}
        found = loaded.predict(row, additions=True).added
        assert found == {"cluster": added["cluster"][place : place + 1]}


def test_the_companion_gives_them_too(small_bundle: Any, tmp_path: Path) -> None:
    accompanied(small_bundle.folder, tmp_path / "accompanied")
    clustered(tmp_path / "accompanied", tmp_path / "both")
    loaded, columns = bundle.read(tmp_path / "both"), columns_of(small_bundle)
    found, main = loaded.predict_by_companion(columns, additions=True), loaded.predict(columns, additions=True)
    assert found is not None and found.added == main.added
    plain = loaded.predict_by_companion(columns)
    assert plain is not None and plain.added is None


def test_rows_of_a_fallback_without_a_model_have_missing_values(folder: Path, small_bundle: Any) -> None:
    loaded, columns = bundle.read(folder), columns_of(small_bundle, 3)
    main = loaded.predict(columns, additions=True)
    base = loaded.decision.predict_without_model(loaded.version, 3, None)
    column = loaded.added_columns["cluster"]
    assert base.added_values(column) == ["", "", ""]
    number = np.asarray(base.added_values(AddedColumn("x", "number", "")))
    assert np.isnan(number).all() and number.shape == (3,)
    main.added = {**(main.added or {}), "x": np.array([1.0, 2.0, 3.0])}
    mixed = main.replace_rows(np.array([True, False, False]), base).added
    assert mixed is not None and main.added is not None
    assert mixed["cluster"] == ["", *main.added["cluster"][1:]]
    np.testing.assert_array_equal(mixed["x"], [np.nan, 2.0, 3.0])


def test_older_formats_have_no_room_for_them(folder: Path, tmp_path: Path) -> None:
    manifest, contents = read_files(folder)
    for number in (1, 2):
        old = tmp_path / f"format {number}"
        write_files(old, manifest.model_copy(update={"format": number}), contents)
        with pytest.raises(BundleError, match=r"names a file that a bundle does not have: 'clusters\.json'"):
            bundle.read(old)


def test_a_bundle_of_format_2_is_read(small_bundle: Any, tmp_path: Path) -> None:
    manifest, contents = read_files(small_bundle.folder)
    write_files(tmp_path / "old", manifest.model_copy(update={"format": 2}), contents)
    old = bundle.read(tmp_path / "old")
    assert (old.manifest.format, old.additions, old.version) == (2, (), manifest.version)
    assert old.predict(columns_of(small_bundle), additions=True).added == {}


def test_names_of_other_outputs_are_refused() -> None:
    class Named(Clusters):
        columns = (AddedColumn("probability", "number", ""),)  # type: ignore[assignment]

    named = object.__new__(Named)
    assert check_columns([named], []) == Named.columns
    for additions, taken in (([named], ["probability"]), ([named, named], [])):
        with pytest.raises(ValueError, match="'probability' occurs twice"):
            check_columns(additions, taken)


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({name: value})


FAULTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "not an object with the keys": lambda document: document.pop("weights"),
    "with the keys centres": _set("more", 1),
    "'centres' is not a list of 2 to 20": _set("centres", []),
    "is not a list of 2 to 20 centres": lambda document: document.update(centres=document["centres"] * 10),
    "a list of 2 to 20": _set("centres", {"0": []}),
    "'centres' is not a list of": lambda document: document["centres"][0].pop(),
    "'low' is not a list of": _set("low", [0.0]),
    "'weights': 1e\\+39 is not a number": lambda document: document["weights"].__setitem__(0, 1e39),
    "'centres': '1' is not a number": lambda document: document["centres"][1].__setitem__(0, "1"),
    "'centres': True is not": lambda document: document["centres"][1].__setitem__(0, True),
    "a weight is negative": lambda document: document["weights"].__setitem__(3, -0.5),
    "'low' is above 'high'": lambda document: document["low"].__setitem__(3, 100),
    "'shares' is not a list of 3": _set("shares", [1.0]),
    "a share is not between": _set("shares", [0.0, -1.0, 2.0]),
    "a silhouette of 2.0": _set("silhouette", 2),
    "'descriptions' is not a list of 3": _set("descriptions", ["one"]),
    "printable characters": _set("descriptions", ["a", "b", "c\n"]),
    "at most 1000 printable": _set("descriptions", ["a", "b", "c" * (MAX_TEXT + 1)]),
    "'descriptions': not a line": _set("descriptions", ["a", "b", None]),
}


@pytest.mark.parametrize("said", FAULTS)
def test_invalid_clusters_are_refused_in_one_line(folder: Path, tmp_path: Path, said: str) -> None:
    def spoil(contents: dict[str, bytes]) -> None:
        document = json.loads(contents[FILE])
        FAULTS[said](document)
        contents[FILE] = json.dumps(document).encode()

    variant(folder, tmp_path / "spoilt", spoil)
    with pytest.raises(BundleError, match=said) as caught:
        bundle.read(tmp_path / "spoilt")
    assert FILE in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Expecting value"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"centres": NaN}', "NaN is not a number of JSON"),
        (b'{"low": [], "low": []}', "key 'low' is repeated"),
        (b"\xff", "can't decode"),
        (b"[1e400]", "not an object"),
        (b" " * (Clusters.MAX_BYTES + 1), "bytes, at most"),
    ],
)
def test_a_file_that_is_none_is_refused(folder: Path, tmp_path: Path, content: bytes, said: str) -> None:
    variant(folder, tmp_path / "spoilt", lambda contents: contents.update({FILE: content}))
    with pytest.raises(BundleError, match=said) as caught:
        bundle.read(tmp_path / "spoilt")
    assert FILE in str(caught.value) and "\n" not in str(caught.value)
