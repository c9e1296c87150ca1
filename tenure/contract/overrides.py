"""A contract with some settings replaced, as ``--trials`` and ``--seed`` of a run do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from tenure.contract.load import describe_error, written
from tenure.contract.schema import Contract
from tenure.errors import ContractError


def override(
    contract: Contract,
    *,
    families: str | Sequence[str] | None = None,
    trials: int | None = None,
    budget: str | None = None,
    seed: int | None = None,
) -> Contract:
    """``contract`` with other settings of the training; None keeps the contract's.

    Args:
        contract: the contract to start from.
        families: model families to search, or ``all``: every family of the contract's task. Text may name several,
            divided by commas.
        trials: most trials of the parameter search per family.
        budget: longest time of the search, such as ``60s`` or ``5m``.
        seed: of the split and of the search.

    Raises:
        ContractError: a setting is invalid.
    """
    if isinstance(families, str):
        families = [name.strip() for name in families.split(",")]
    training = {"families": families and list(families), "trials": trials, "budget": budget, "seed": seed}
    changes = {name: value for name, value in training.items() if value is not None}
    if not changes:
        return contract
    document: dict[str, Any] = written(contract)
    document["training"] = {**document.get("training", {}), **changes}
    if seed is not None:
        document["split"] = {**document.get("split", {}), "seed": seed}
    try:
        return Contract.model_validate(document)
    except ValidationError as error:
        raise ContractError(describe_error(error)) from None
