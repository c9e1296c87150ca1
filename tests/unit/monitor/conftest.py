"""Bundles with the profile of their rows, and tables beside them."""

from __future__ import annotations

import json

import pytest
from documents import assert_valid
from profiled import with_profile
from pyarrow import csv

from tenure.contract.settings import Source


@pytest.fixture(scope="module")
def watched(small_bundle, tmp_path_factory):
    """The small bundle with the profile of its rows."""
    return with_profile(small_bundle, tmp_path_factory.mktemp("watched") / "bundle")


@pytest.fixture(scope="module")
def watched_value(small_value_bundle, tmp_path_factory):
    """The small bundle of a regression, likewise."""
    return with_profile(small_value_bundle, tmp_path_factory.mktemp("watched_value") / "bundle")


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
