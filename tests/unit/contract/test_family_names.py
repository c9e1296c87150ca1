"""Which families a contract can name, and what is said about other names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from tenure.contract import load
from tenure.contract.family_names import ENSEMBLE, MODULES, families_of, searched
from tenure.contract.overrides import override
from tenure.contract.settings import Training
from tenure.errors import ContractError
from tenure.report.labels import FAMILIES
from tenure.tasks import get as get_task
from tenure.training.families import NAMES, get

CONTRACT = load(Path(__file__).parents[3] / "datasets" / "telco")


def test_every_module_is_a_family_of_its_name() -> None:
    assert set(searched(Training().families)) < set(MODULES) == set(NAMES)
    assert [get(name).name for name in NAMES] == list(NAMES)


@pytest.mark.parametrize(
    ("families", "message"),
    [
        (["xgbost"], "no model family is called 'xgbost': did you mean 'xgboost'?"),
        (["quantum"], "no model family is called 'quantum': there are adaboost, "),
        (["xgboost", "all"], "'all' names every family: write it in place of the list, without other names"),
        (["xgboost", "random_forest", "xgboost"], "'xgboost' occurs twice"),
        (["xgboost", ENSEMBLE], "'ensemble' needs at least 2 other families to combine"),
    ],
)
def test_names_that_cannot_be_searched(families: list[str], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Training(families=families)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_every_family_has_a_name_on_pages() -> None:
    assert set(FAMILIES) == {*MODULES, ENSEMBLE}
    for package in ("models", "models.regression"):
        shown = [FAMILIES[name] for name in families_of(package)]
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("given", "families"),
    [
        ("xgboost", ("xgboost",)),
        ("lda, qda", ("lda", "qda")),
        (("lda", "qda"), ("lda", "qda")),
        ("all", get_task("classification").families),
        (["all"], get_task("classification").families),
    ],
)
def test_families_in_place_of_the_contracts(given: str | list[str], families: tuple[str, ...]) -> None:
    assert override(CONTRACT, families=given).training.families == families


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("xgbost", "did you mean 'xgboost'?"),
        ("lda,lda", "'lda' occurs twice"),
        ("all,lda", "write it in place of the list"),
        ("mlp_regression", "'mlp_regression' is no family for classification"),
    ],
)
def test_families_that_the_contract_cannot_have(given: str, message: str) -> None:
    with pytest.raises(ContractError, match=re.escape(message)):
        override(CONTRACT, families=given)
