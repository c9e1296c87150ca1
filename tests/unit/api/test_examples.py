"""The examples in the docstrings of the front door run as they stand."""

from __future__ import annotations

import doctest
import functools
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import tenure
import tenure.api

ROOT = Path(__file__).resolve().parents[3]
MODULES = [f"tenure.api.{module.name}" for module in pkgutil.iter_modules(tenure.api.__path__)]


@functools.cache
def _train(data: str, families: tuple[str, ...], trials: int) -> tenure.Model:
    from tenure.api.train import train

    return train(data, families=families, trials=trials)


@pytest.mark.parametrize("name", [*MODULES, "tenure.text_table", "tenure"])
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # Every example starts from a model, and all from the same: it is trained once.
    monkeypatch.setattr(
        tenure, "train", lambda data, *, families, trials: _train(data, tuple(families), trials), raising=False
    )
    found = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL * 0)
    assert found.failed == 0


@pytest.mark.parametrize("name", sorted(set(tenure.__all__)))
def test_every_function_has_an_example(name: str) -> None:
    value = getattr(tenure, name)
    assert value.__doc__
    if not isinstance(value, type):
        assert "Examples:\n" in value.__doc__
        assert "Raises:\n" in value.__doc__
