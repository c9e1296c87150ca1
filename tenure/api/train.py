"""``tenure.train``: from a dataset to a model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tenure.api.check import ingest_and_validate
from tenure.api.dataset import Dataset, Where, dataset_of
from tenure.api.model import Entry, Model
from tenure.api.workspace import Workspace
from tenure.bundle import read as read_bundle
from tenure.contract.overrides import override
from tenure.features.build import build_features
from tenure.training.search.run import search
from tenure.training.train import FILE_NAME
from tenure.training.train import train as train_candidates


def train(
    data: Dataset | Where,
    *,
    families: str | Sequence[str] | None = None,
    trials: int | None = None,
    budget: str | None = None,
    seed: int | None = None,
    folder: Path | str | None = None,
) -> Model:
    """Train a model: check the table, build features, search the parameters of every family, fit the best.

    The stages are those of ``tenure run``, with the same results.

    Args:
        data: what ``tenure.load`` returns, or takes.
        families: model families to search, or ``all``: every family of the contract's task; the contract's by default.
        trials: most trials of the parameter search per family; the contract's by default.
        budget: longest time of the search, such as ``60s`` or ``5m``; the contract's by default.
        seed: of the split and of the search; the contract's by default.
        folder: where the intermediate files are kept; by default a temporary folder, which is deleted with the model.

    Returns:
        The chosen model. Nothing of the test part was used for it: ``tenure.evaluate`` measures it there.

    Raises:
        ContractError: the contract or an argument is invalid.
        DataError: the table does not meet its contract; a feature gives the label away; a part has too few rows.
        BundleError: ``folder`` holds models already.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the disk is full or cannot be written.

    Examples:
        >>> import tenure
        >>> model = tenure.train("datasets/telco", families=["logistic_regression"], trials=1)
        >>> model.family, [entry.chosen for entry in model.leaderboard]
        ('logistic_regression', [True])
        >>> row = {"tenure": [1], "Contract": ["Month-to-month"]}
        >>> model.predict(row)
        Traceback (most recent call last):
        ...
        tenure.errors.DataError: column 'SeniorCitizen' is missing
    """
    dataset = dataset_of(data)
    contract = override(dataset.contract, families=families, trials=trials, budget=budget, seed=seed)
    work = Workspace(folder)
    ingest_and_validate(dataclasses.replace(dataset, contract=contract), work).raise_if_stopped()
    build_features(contract, work.valid, work.features)
    search(contract=contract, features=work.features, storage=str(work.studies), trials=work.trials)
    train_candidates(
        contract=contract,
        raw=work.raw,
        valid=work.valid,
        features=work.features,
        trials=[work.trials],
        candidates=work.candidates,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    record = json.loads((work.candidates / FILE_NAME).read_text(encoding="utf-8"))
    names = [field.name for field in dataclasses.fields(Entry)]
    leaderboard = tuple(Entry(**{name: entry[name] for name in names}) for entry in record["leaderboard"])
    chosen = work.candidates / record["chosen"]
    return Model(read_bundle(chosen), chosen, record["objective"], leaderboard, work)
