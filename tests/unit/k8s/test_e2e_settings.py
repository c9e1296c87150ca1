"""The table of the end-to-end tests' variables is the whole of what they read."""

from __future__ import annotations

import re

from manifests import ROOT

E2E = ROOT / "tests" / "e2e"


def test_every_variable_is_in_the_table_and_no_other() -> None:
    table = re.findall(r"^\| `TENURE_E2E_(\w+)` \|", (E2E / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    read = re.findall(r'\bget\("(\w+)"', (E2E / "e2e_settings.py").read_text(encoding="utf-8"))
    assert len(read) >= 15
    assert sorted(table) == sorted(read)


def test_every_test_that_is_named_as_a_proof_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (E2E / "README.md").read_text(encoding="utf-8")))
    sources = "\n".join(file.read_text(encoding="utf-8") for file in E2E.glob("test_*.py"))
    assert named
    assert {name for name in named if f"def {name}(" not in sources} == set()
