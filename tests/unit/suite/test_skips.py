"""The plugin that fails a session for a skip that is not listed, in sessions of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import skips

pytest_plugins = ["pytester"]

TESTS = Path(skips.__file__).parent
ROOT = TESTS.parent

SKIPS = {
    "call": "def test_it():\n    pytest.skip('no engine')",
    "fixture": "@pytest.fixture\ndef engine():\n    pytest.skip('no engine')\ndef test_it(engine): pass",
    "mark": "@pytest.mark.skip(reason='no engine')\ndef test_it(): pass",
    "skipif": "@pytest.mark.skipif(True, reason='no engine')\ndef test_it(): pass",
    "module": "pytest.skip('no engine', allow_module_level=True)\ndef test_it(): pass",
    "importorskip": "pytest.importorskip('no_such_module', reason='no engine')\ndef test_it(): pass",
}


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take seconds to import
    pytester.makepyfile(test_fine="def test_fine(): pass")
    pytester.path.joinpath("allowed.txt").write_text("# none yet\n")
    return pytester


def run(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    return suite.runpytest_subprocess(
        "-p", "skips", "--allowed-skips", "allowed.txt", "-p", "no:cacheprovider", *options
    )


def skip_in(suite: pytest.Pytester, how: str) -> None:
    suite.makepyfile(test_one=f"import pytest\n{SKIPS[how]}")


@pytest.mark.parametrize("how", SKIPS)
def test_a_skip_that_is_not_listed_fails_the_session(suite: pytest.Pytester, how: str) -> None:
    skip_in(suite, how)
    result = run(suite, "--strict-skips")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    where = "test_one.py" if how in ("module", "importorskip") else "test_one.py::test_it"
    result.stdout.fnmatch_lines([f"UNEXPECTED SKIP {where}: no engine", "Provide what is missing, *in allowed.txt."])
    result.assert_outcomes(passed=1, skipped=1)


@pytest.mark.parametrize("how", ["fixture", "module"])
def test_workers_of_xdist_hide_none(suite: pytest.Pytester, how: str) -> None:
    skip_in(suite, how)
    result = run(suite, "--strict-skips", "-p", "xdist", "-n", "2", "--dist", "loadfile")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [line for line in result.outlines if line.startswith("UNEXPECTED SKIP")] == [
        f"UNEXPECTED SKIP test_one.py{'' if how == 'module' else '::test_it'}: no engine"
    ]


def test_ci_is_strict_and_a_laptop_is_not(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_in(suite, "skipif")
    assert run(suite).ret == pytest.ExitCode.OK
    monkeypatch.setenv("CI", "true")
    assert run(suite).ret == pytest.ExitCode.TESTS_FAILED


def test_a_listed_skip_passes_for_its_reason_alone(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_one="import pytest\n@pytest.mark.parametrize('x', ['[a]'])\ndef test_it(x): pytest.skip('no engine 7')"
    )
    allowed = suite.path / "allowed.txt"
    allowed.write_text("# the machine\ntest_one.py::test_it[[a]] no engine *\n")
    assert run(suite, "--strict-skips").ret == pytest.ExitCode.OK
    allowed.write_text("test_one.py::* no disk\ntest_two.py* no engine *\n")
    assert run(suite, "--strict-skips").ret == pytest.ExitCode.TESTS_FAILED


def test_expected_failures_and_failures_stay_what_they_are(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_one="import pytest\n@pytest.mark.xfail\ndef test_it(): assert False")
    assert run(suite, "--strict-skips").ret == pytest.ExitCode.OK
    suite.makepyfile(test_one="import pytest\ndef test_it(): assert False\ndef test_no(): pytest.skip('no engine')")
    result = run(suite, "--strict-skips")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["UNEXPECTED SKIP test_one.py::test_no: no engine"])


def test_an_allowance_without_a_reason_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "allowed.txt").write_text("# why\ntest_one.py::test_it\n")
    with pytest.raises(ValueError, match=re.escape("allowed.txt:2: 'test_one.py::test_it' has no reason")):
        skips.read(tmp_path / "allowed.txt")


def test_every_allowance_names_a_file_that_is_there() -> None:
    listed = skips.read(skips.ALLOWED)
    assert listed
    for allowance in listed:
        assert list(ROOT.glob(allowance.tests.partition("::")[0])), allowance.tests
