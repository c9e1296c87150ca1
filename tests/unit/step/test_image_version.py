"""Which code made a model: what is said, or else what the step's own image says."""

from __future__ import annotations

import pytest

from components.image import REVISION_VARIABLE, code_version


@pytest.mark.parametrize(
    ("given", "image", "found"),
    [("", "4f2c1a9", "4f2c1a9"), ("5b1e", "4f2c1a9", "5b1e"), ("5b1e", None, "5b1e"), ("", None, "")],
)
def test_code_version(given: str, image: str | None, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REVISION_VARIABLE, raising=False)
    if image is not None:
        monkeypatch.setenv(REVISION_VARIABLE, image)
    assert code_version(given) == found
