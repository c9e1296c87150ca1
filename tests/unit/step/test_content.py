"""components/content.py: artifacts named by what is in them."""

from dataclasses import dataclass

import pytest

from components.content import address_by_content, folder_hash


@dataclass
class FakeArtifact:
    name: str
    uri: str

    @property
    def path(self) -> str:
        return self.uri


def artifact(folder, content="x", name="valid"):
    folder.mkdir(parents=True)
    (folder / "sub").mkdir()
    (folder / "sub" / "a.json").write_text(content)
    return FakeArtifact(name, str(folder))


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("TENURE_PIPELINE_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


def test_equal_content_gets_one_address(root, tmp_path):
    first, second = artifact(tmp_path / "1"), artifact(tmp_path / "2")
    address_by_content(first)
    address_by_content(second)
    assert first.uri == second.uri
    assert [folder.name for folder in (root / "content").iterdir()] == [first.uri.rpartition("/")[2]]
    assert (root / "content" / first.uri.rpartition("/")[2] / "sub" / "a.json").read_text() == "x"
    assert not (tmp_path / "1").exists()
    assert not (tmp_path / "2").exists()


def test_other_content_or_another_name_gets_another_address(root, tmp_path):
    found = [
        artifact(tmp_path / "1"),
        artifact(tmp_path / "2", content="y"),
        artifact(tmp_path / "3", name="raw"),
    ]
    address_by_content(*found)
    assert len({each.uri for each in found}) == 3


def test_without_a_local_runner_the_address_stays(monkeypatch, tmp_path):
    monkeypatch.delenv("TENURE_PIPELINE_ROOT", raising=False)
    kept = artifact(tmp_path / "1")
    address_by_content(kept)
    assert kept.uri == str(tmp_path / "1")
    assert (tmp_path / "1" / "sub" / "a.json").exists()


def test_the_hash_sees_names_and_content_and_not_the_order_of_writing(tmp_path):
    for name, files in {"a": ["x", "y"], "b": ["y", "x"], "c": ["x", "z"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("same")
    assert folder_hash(tmp_path / "a") == folder_hash(tmp_path / "b") != folder_hash(tmp_path / "c")
