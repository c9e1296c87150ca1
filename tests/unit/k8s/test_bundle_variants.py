"""The bundles that the end-to-end tests make: another version, one that fails, one that is slow; read as any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def columns(small_bundle: Any) -> dict[str, Any]:
    return {name: small_bundle.rows[name].slice(0, 50) for name in small_bundle.rows.column_names}


def test_another_version_predicts_the_same(small_bundle: Any, columns: dict[str, Any], tmp_path: Path) -> None:
    from bundle_variants import renamed

    from tenure import bundle

    original = bundle.read(small_bundle.folder)
    version = renamed(small_bundle.folder, tmp_path / "b", "x")
    copy = bundle.read(tmp_path / "b")
    assert copy.version == version != original.version
    assert np.array_equal(copy.predict(columns).probability, original.predict(columns).probability)
    assert renamed(small_bundle.folder, tmp_path / "c", "xy") not in (version, original.version)


def test_a_slow_version_predicts_the_same(small_bundle: Any, columns: dict[str, Any], tmp_path: Path) -> None:
    from bundle_variants import slow

    from tenure import bundle

    original = bundle.read(small_bundle.folder)
    assert slow(small_bundle.folder, tmp_path / "b", rounds=3) != original.version
    burdened = bundle.read(tmp_path / "b")
    assert np.array_equal(burdened.predict(columns).probability, original.predict(columns).probability)


def test_a_failing_version_fails_for_some_rows_only(small_bundle: Any, columns: dict[str, Any], tmp_path: Path) -> None:
    from bundle_variants import failing

    from tenure import bundle

    original = bundle.read(small_bundle.folder)
    matrix = original.transform.encode(columns).matrix
    feature = int(np.argmax(matrix.std(axis=0)))
    above = float(np.median(matrix[:, feature]))
    failing(small_bundle.folder, tmp_path / "b", feature, above)
    broken = bundle.read(tmp_path / "b")
    good = int(np.argmin(matrix[:, feature]))
    bad = int(np.argmax(matrix[:, feature]))

    def predict(row: int) -> float:
        return float(broken.predict({name: column.slice(row, 1) for name, column in columns.items()}).probability[0])

    assert predict(good) == pytest.approx(original.predict(columns).probability[good])
    with pytest.raises(Exception, match=r"(?i)index|bound"):
        predict(bad)
