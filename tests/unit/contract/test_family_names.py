"""Which families a contract can name, and what is said about other names."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tenure.contract.family_names import ENSEMBLE, MODULES, searched
from tenure.contract.settings import Training
from tenure.training.families import NAMES, get


def test_every_module_is_a_family_of_its_name() -> None:
    assert set(searched(Training().families)) < set(MODULES) == set(NAMES)
    assert [get(name).name for name in NAMES] == list(NAMES)


@pytest.mark.parametrize(
    ("families", "message"),
    [
        (["xgbost"], "no model family is called 'xgbost': did you mean 'xgboost'?"),
        (["quantum"], "no model family is called 'quantum': there are extra_trees, "),
        (["xgboost", "random_forest", "xgboost"], "'xgboost' occurs twice"),
        (["xgboost", ENSEMBLE], "'ensemble' needs at least 2 other families to combine"),
    ],
)
def test_names_that_cannot_be_searched(families: list[str], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Training(families=families)  # type: ignore[arg-type]
    assert message in str(caught.value)
