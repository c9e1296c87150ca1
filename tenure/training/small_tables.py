"""Predictions for every row of a small table, by models that have not seen it: repeated cross-fitting.

A test part of some dozen rows decides nothing. So all rows are divided into folds, several times over, and each fold is
predicted by the whole procedure on the others: cross-fitting, calibration, weights of a blend, threshold, and the fit
of the model that would be shipped. What is estimated is how well the procedure does with four fifths of the rows: the
model that is shipped, of the training and validation part, has about as many.

Three things are not repeated in the folds: the encoding, fitted to the training part; the parameters, searched there;
and which family was chosen. With few rows they are few choices against many labels; ``benchmarks.small_tables``
simulates what they do to the intervals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure import tasks
from tenure.bundle import Decision, read
from tenure.contract import Contract
from tenure.contract.family_names import ENSEMBLE
from tenure.evaluation.repeats import Repeat, Repeats
from tenure.evaluation.scoring import TestPart, read_test_part
from tenure.progress import progress
from tenure.stats.clusters import count_customers
from tenure.stats.folds import divide
from tenure.training.blend import blend
from tenure.training.cross_fitting import HeldOut, cross_fit
from tenure.training.encoded_part import EncodedPart, PartName, read_part, read_transform
from tenure.training.families import Parameters, get
from tenure.training.rows import TrainingRows, joined, rows_of
from tenure.training.train import FILE_NAME

SMALL_TEST_CUSTOMERS = 300
"""With fewer customers in the test part, or fewer than ``SMALL_TEST_CLASS`` of a class, the table is small."""
SMALL_TEST_CLASS = 40

MOST_ROWS = 5_000
"""Of a small table: with more, rare churners are too few whatever is repeated, and the repeats take minutes."""

FOLDS, INNER_FOLDS, REPEATS = 5, 3, 3

Outputs = Callable[[NDArray[np.float32]], HeldOut]


def repeat_if_small(contract: Contract, features: Path, candidates: Path) -> Repeats | None:
    """Predictions of the chosen candidate's procedure for all rows, or None where the test part is large enough.

    A table divided by time is never small: its test part lies after the others, which no other division keeps.

    Args:
        contract: of the run.
        features: folder of ``feature``; read: the three parts and ``transform.json``.
        candidates: folder of ``train``; read: ``train.json`` and the chosen bundle.

    Raises:
        DataError: a part has no row or an invalid label.
        StorageError: a file cannot be read.
    """
    if contract.split_strategy == "time":
        return None
    if not _is_small(contract, read_test_part(features / "test.parquet", contract)):
        return None
    names = get_args(PartName)
    if sum(pq.read_metadata(features / f"{name}.parquet").num_rows for name in names) > MOST_ROWS:
        return None
    transform = read_transform(features)
    parts = [read_part(features, name, contract, transform) for name in names]
    whole = joined(joined(parts[0], parts[1]), parts[2])
    table = pa.concat_tables([pq.read_table(features / f"{name}.parquet") for name in names], promote_options="default")
    document = json.loads((candidates / FILE_NAME).read_text(encoding="utf-8"))
    procedure = Procedure.of(contract, document, read(candidates / document["chosen"]).decision)
    encoded = {name: table.column(name) for name in transform.inputs}
    label = tasks.get(contract.task).label
    repeats = []
    for number in range(REPEATS):
        seed = contract.training.seed + number
        strata = label.fold_strata(whole.label, FOLDS)
        folds = divide(strata, FOLDS, seed, classes=label.min_classes, key=whole.key).folds
        predictions = []
        for place, fold in enumerate(folds):
            progress("cross-fitting the whole procedure", number * FOLDS + place, REPEATS * FOLDS)
            outputs, decision = procedure.fit(rows_of(whole, fold.train))
            held = transform.encode({name: column.take(pa.array(fold.held)) for name, column in encoded.items()})
            found = outputs(whole.matrix[fold.held])
            given = (found.margin, found.probability)[: len(decision.MODEL_OUTPUTS)]
            predictions.append(decision.predict("", held, given))
        repeats.append(Repeat(np.concatenate([fold.held for fold in folds]), tuple(predictions)))
    return Repeats(table, tuple(repeats), FOLDS)


def _is_small(contract: Contract, test: TestPart) -> bool:
    if test.customers < SMALL_TEST_CUSTOMERS:
        return True
    if tasks.get(contract.task).label.min_classes < 2:
        return False
    return min(count_customers(test.customer, test.label == kind) for kind in (0, 1)) < SMALL_TEST_CLASS


@dataclass(frozen=True)
class Procedure:
    """How the chosen candidate was made, to be done again with other rows."""

    contract: Contract
    members: Mapping[str, Parameters]
    """Parameters by family; of an ensemble those of its members."""
    blended: bool
    customers: int
    """Scored at a time: the limit of contacts is a share of them."""

    @classmethod
    def of(cls, contract: Contract, document: Mapping[str, Any], decision: Decision) -> Procedure:
        """Of the candidate that ``document``, the content of ``train.json``, names as chosen."""
        parameters = {entry["family"]: entry["parameters"] for entry in document["leaderboard"]}
        chosen = document["chosen"]
        names = [name for name in parameters[ENSEMBLE] if name in parameters] if chosen == ENSEMBLE else [chosen]
        members = {name: parameters[name] for name in names}
        return cls(contract, members, chosen == ENSEMBLE, decision.limit.population)

    def fit(self, part: EncodedPart) -> tuple[Outputs, Decision]:
        """The outputs of a model of these rows, and its decision.

        Raises:
            DataError: there are too few rows, or too few of a class.
        """
        contract, seed = self.contract, self.contract.training.seed
        rows = TrainingRows.of(part, contract, INNER_FOLDS)
        trainer = tasks.get(contract.task).trainer
        held: dict[str, HeldOut] = {}
        outputs: list[Outputs] = []
        for name, given in self.members.items():
            family = get(name)
            predicted, parameters = cross_fit(family, given, rows, seed=seed, threads=1)
            fitted = family.fit(rows.both, parameters, seed=seed, threads=1)
            link = fitted.terms().link
            held[name] = HeldOut.of(predicted, link)
            outputs.append(lambda matrix, fitted=fitted, link=link: HeldOut.of(fitted.predict(matrix), link))  # type: ignore[misc]
        if not self.blended:
            ((_, out),) = held.items()
            return outputs[0], trainer.decide(contract, out, rows.both.label, rows.held, self.customers)
        blended = blend(
            held, rows.held.label, objective=contract.training.objective, seed=seed, customer=rows.held.customer
        )
        by_name = dict(zip(held, outputs, strict=True))
        kept = [by_name[name] for name in blended.weights]

        def combined(matrix: NDArray[np.float32]) -> HeldOut:
            return blended.apply([output(matrix) for output in kept])

        decision = trainer.decide(contract, blended.held_out, rows.both.label, rows.held, self.customers)
        return combined, decision
