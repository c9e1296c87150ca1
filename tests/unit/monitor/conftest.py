"""Bundles with the profile of their rows, and tables beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from documents import assert_valid
from profiled import write_bundle
from pyarrow import csv

from tenure import bundle as bundles
from tenure.contract.settings import Source
from tenure.parsing import parse_batch
from tenure.stats import ScoreProfile, build


@pytest.fixture(scope="module")
def watched(small_bundle, tmp_path_factory):
    """The small bundle with the profile of its rows."""
    return with_profile(small_bundle, tmp_path_factory.mktemp("watched") / "bundle")


@pytest.fixture(scope="module")
def watched_value(small_value_bundle, tmp_path_factory):
    """The small bundle of a regression, likewise."""
    return with_profile(small_value_bundle, tmp_path_factory.mktemp("watched_value") / "bundle")


def with_profile(small: Any, folder: Path) -> Path:
    given = bundles.read(small.folder)
    names = list(given.contract.inputs)
    parsed, _ = parse_batch(small.rows.select(names).combine_chunks().to_batches()[0], given.contract.inputs)
    said = given.predict({name: parsed.column(name) for name in names}).score
    profile = build([parsed], given.contract.inputs).to_dict() | {"scores": ScoreProfile.of(said).to_dict()}
    return write_bundle(small, folder, profile)


@pytest.fixture(autouse=True)
def documents_are_valid(tmp_path):
    """Every report that a test writes is one of the published schema."""
    yield
    for file in tmp_path.rglob("monitoring.json"):
        assert_valid("monitoring", json.loads(file.read_text(encoding="utf-8")))


@pytest.fixture
def save(tmp_path):
    def write(rows, name="now.csv"):
        csv.write_csv(rows, tmp_path / name)
        return Source(uri=str(tmp_path / name))

    return write
