"""A pytest plugin: a skip that is not in the list of allowed skips fails the session.

The list is ``tests/allowed_skips.txt``. It is enforced where ``CI=true`` and with ``--strict-skips``; elsewhere, on a
machine with fewer programs, skips stay what they are. Expected failures (``xfail``) are no skips.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


class Allowance(NamedTuple):
    """One line of the list: which tests may be skipped for which reason. ``*`` stands for any text in both."""

    tests: str
    reason: str

    def covers(self, skip: Skip) -> bool:
        return _matches(self.tests, skip.test) and _matches(self.reason, skip.reason)


class Skip(NamedTuple):
    """A skipped test, or a module that was skipped as a whole."""

    test: str
    """Its node id."""
    reason: str


def _matches(pattern: str, text: str) -> bool:
    """Not ``fnmatch``, to which the brackets of a parametrised test's id are a set of characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def read(path: Path) -> list[Allowance]:
    """The allowances of a list: a node id, white space, the reason; ``#`` starts a comment line.

    Raises:
        ValueError: if a line has no reason.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            tests, _, reason = line.strip().partition(" ")
            if not reason.strip():
                raise ValueError(f"{path.name}:{number}: '{tests}' has no reason: write it after the node id")
            found.append(Allowance(tests, reason.strip()))
    return found


class StrictSkips:
    """Collects what was skipped. Under pytest-xdist reports of all workers reach the controller, where this counts."""

    def __init__(self, allowed: list[Allowance], listed_in: str) -> None:
        self._allowed, self._listed_in = allowed, listed_in
        self._unexpected: dict[Skip, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not hasattr(report, "wasxfail"):
            self._see(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._see(report)

    def _see(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
            skip = Skip(report.nodeid, reason.removeprefix("Skipped: "))
            if not any(allowance.covers(skip) for allowance in self._allowed):
                self._unexpected[skip] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._unexpected and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unexpected:
            terminalreporter.section("unexpected skips", red=True, bold=True)
            for line in self._lines():
                terminalreporter.write_line(line, red=True)

    def _lines(self) -> Iterator[str]:
        for skip in self._unexpected:
            yield f"UNEXPECTED SKIP {skip.test}: {skip.reason}"
        yield f"Provide what is missing, or list the test and its reason in {self._listed_in}."


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("skips")
    group.addoption("--strict-skips", action="store_true", help="fail on skips that are not allowed, as where CI=true")
    group.addoption("--allowed-skips", type=Path, default=ALLOWED, help="the list of allowed skips")


def pytest_configure(config: pytest.Config) -> None:
    strict = config.getoption("strict_skips") or os.environ.get("CI") == "true"
    if strict and not hasattr(config, "workerinput"):  # a worker of pytest-xdist reports to the controller
        path = config.getoption("allowed_skips")
        config.pluginmanager.register(StrictSkips(read(path), path.name), "strict-skips")
