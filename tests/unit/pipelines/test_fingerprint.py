"""pipelines/graphs/fingerprint.py and settings.py: what makes a cached result stale."""

import os

import pytest

from pipelines.graphs import settings
from pipelines.graphs.fingerprint import code_hash, data_fingerprint
from tenure.contract.settings import Source
from tenure.sources.address import Address


@pytest.fixture
def root(tmp_path):
    for package in ("tenure", "components", "serving", "pipelines", "rollout"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "a.py").write_text("x = 1\n")
    return tmp_path


@pytest.mark.parametrize("package", ["tenure", "components", "serving"])
def test_edited_code_is_other_code(root, package):
    before = code_hash(root)
    assert before == code_hash(root)
    (root / package / "a.py").write_text("x = 2\n")
    assert code_hash(root) != before


@pytest.mark.parametrize("package", ["pipelines", "rollout"])
def test_code_that_no_step_runs_leaves_the_hash_as_it_is(root, package):
    before = code_hash(root)
    (root / package / "a.py").write_text("x = 2\n")
    (root / package / "b.py").write_text("y = 1\n")
    assert code_hash(root) == before


def test_new_and_renamed_files_are_other_code_and_bytecode_is_not(root):
    before = code_hash(root)
    (root / "tenure" / "__pycache__").mkdir()
    (root / "tenure" / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert code_hash(root) == before
    (root / "tenure" / "a.py").rename(root / "tenure" / "b.py")
    assert code_hash(root) != before


def test_another_version_of_a_library_is_other_code(root, monkeypatch):
    library = root / "site"
    (library / "xgboost-3.2.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr("sys.path", [str(library)])
    before = code_hash(root)
    (library / "xgboost-3.2.0.dist-info").rename(library / "xgboost-3.2.1.dist-info")
    assert code_hash(root) != before


def fingerprint(path):
    return data_fingerprint(Address(str(path), str(path)), Source(uri=str(path)))


def test_the_same_bytes_have_one_fingerprint_whatever_their_time(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    before = fingerprint(path)
    os.utime(path, (1, 1))
    assert fingerprint(path) == before
    path.write_text("a,b\n1,3\n")
    assert fingerprint(path) != before


def test_a_folder_of_parts(tmp_path):
    (tmp_path / "1.parquet").write_bytes(b"one")
    before = fingerprint(tmp_path)
    (tmp_path / "2.parquet").write_bytes(b"two")
    assert fingerprint(tmp_path) != before


def test_what_may_change_unseen_is_read_again_each_time():
    for uri in ("s3://bucket/a.csv", "postgresql://host/db", "sqlite:///a.db"):
        assert fingerprint(uri) != fingerprint(uri)


def test_a_missing_file_is_for_ingest_to_report(tmp_path):
    assert fingerprint(tmp_path / "missing.csv")


def test_the_local_image_changes_with_the_code():
    assert settings.local("aaa").image != settings.local("bbb").image
    assert "python" in settings.local("aaa").image, "kfp.local warns about images without it"


@pytest.mark.parametrize("image", ["repo/tenure:4f2c1a9", "host:5000/tenure:v1", "tenure@sha256:" + "0" * 64])
def test_a_cluster_takes_images_by_content(image):
    assert settings.cluster(image).image == image


@pytest.mark.parametrize("image", ["tenure", "host:5000/tenure", "tenure:latest", "tenure:", "tenure@"])
def test_a_cluster_refuses_tags_that_move(image):
    with pytest.raises(ValueError, match="tag made of its content"):
        settings.cluster(image)
