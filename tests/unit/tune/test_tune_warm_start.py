"""A search on new data begins with what was best on the last, and can be taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tenure.training.families import get
from tenure.training.search.run import FILE_NAME, search
from tenure.training.search.starts import starts
from tenure.training.search.storage import open_storage
from tenure.training.search.warm_start import last_best

FAMILY = "logistic_regression"


@pytest.fixture(scope="module")
def months(make_upstream: Any) -> tuple[Any, Any]:
    """The table of one month, and of the next."""
    first, second = (make_upstream(rows=rows, families=(FAMILY,), trials=4, folds=3) for rows in (600, 640))
    return first, second


def unit(month: Any, folder: Path, storage: Path, objective: str = "log_loss") -> dict[str, Any]:
    training = month.terms.training.model_copy(update={"objective": objective})
    contract = month.terms.model_copy(update={"training": training})
    search(contract=contract, features=month.features, storage=str(storage), trials=folder)
    (found,) = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))["units"]
    return found  # type: ignore[no-any-return]


def best(found: dict[str, Any]) -> dict[str, Any]:
    whole = [trial for trial in found["trials"] if trial["score"] is not None]
    return min(whole, key=lambda trial: trial["score"])["parameters"]  # type: ignore[no-any-return]


def test_the_last_months_best_is_tried_after_the_default(months: tuple[Any, Any], tmp_path: Path) -> None:
    storage = tmp_path / "studies.log"
    last = unit(months[0], tmp_path / "first", storage)
    now = unit(months[1], tmp_path / "second", storage)
    tried = [trial["parameters"] for trial in now["trials"]]
    assert tried[0] == get(FAMILY).default
    if best(last) not in starts(FAMILY):
        assert tried[1] == best(last)
    assert now["study"] != last["study"]
    # Taken up again, it is the same study.
    assert unit(months[1], tmp_path / "again", storage)["trials"] == now["trials"]


def test_the_same_data_is_no_last_search(months: tuple[Any, Any], tmp_path: Path) -> None:
    storage = tmp_path / "studies.log"
    once = unit(months[0], tmp_path / "once", storage)
    twice = unit(months[0], tmp_path / "twice", storage)
    assert once == twice


def test_another_objective_is_no_guide(months: tuple[Any, Any], tmp_path: Path) -> None:
    storage = tmp_path / "studies.log"
    last = unit(months[0], tmp_path / "first", storage, "roc_auc")
    prefix = last["study"].rsplit("/", 1)[0] + "/"
    studies = open_storage(str(storage))
    assert last_best(studies, prefix, "other", FAMILY, "log_loss") is None
    assert last_best(studies, prefix, "other", FAMILY, "roc_auc") is not None
    assert last_best(studies, prefix, last["study"].rsplit("/", 1)[1], FAMILY, "roc_auc") is None


def test_parameters_outside_of_the_search_space_are_left(months: tuple[Any, Any], tmp_path: Path) -> None:
    storage = tmp_path / "studies.log"
    last = unit(months[0], tmp_path / "first", storage)
    prefix = last["study"].rsplit("/", 1)[0] + "/"
    # Of another family, as if the space had changed.
    assert last_best(open_storage(str(storage)), prefix, "other", "xgboost", "log_loss") is None


def test_a_warm_start_is_no_second_default() -> None:
    assert starts(FAMILY, get(FAMILY).default) == starts(FAMILY)
    other = {"imbalance": "smote", "C": 7.0}
    assert starts(FAMILY, other)[1] == other
