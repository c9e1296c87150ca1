"""A bundle as an MLflow model: its files unchanged, a signature, an example, and nothing pickled."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.signing import FILE_NAME
from tenure.tasks import get

if TYPE_CHECKING:
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import AnyType

    from tenure.bundle.additions import AddedColumn
    from tenure.contract import Column, Contract

LOADER = "tenure.tracking.loader"
BUNDLE_PATH = "data/bundle"
"""Where the bundle lies inside the model's folder."""

REQUIREMENTS = ("tenure", "numpy", "pyarrow", "onnxruntime", "pandas")


def package(
    bundle: Path,
    contract: Contract,
    example: Mapping[str, Sequence[Any]] | None,
    folder: Path,
    bundle_signature: bytes | None = None,
) -> Path:
    """Write the MLflow model around ``bundle`` into ``folder`` (which must not exist yet) and return its path.

    ``mlflow.pyfunc`` gets a loader module and a data folder: its one form of a Python model without a pickle.

    Args:
        example: raw input columns by name, a few rows each; None without an example.
        bundle_signature: content of the bundle's ``signature.json``; None leaves the bundle as it is.
    """
    import mlflow.pyfunc
    import pandas as pd

    # Its libraries are not in the image of the rollout, which imports this room.
    from tenure.bundle import read

    named = folder.parent / "bundle"
    # MLflow names the folder inside the model after the one it copies.
    shutil.copytree(bundle, named)
    if bundle_signature is not None:
        (named / FILE_NAME).write_bytes(bundle_signature)
    frame = None
    if example:
        dtypes = {"double": "float64", "long": "int64"}
        frame = pd.DataFrame(
            {
                name: pd.Series(list(example[name]), dtype=dtypes.get(str(_type(column)), "object"))
                for name, column in contract.inputs.items()
            }
        )
    with warnings.catch_warnings():
        # Warnings about a missing example, and about integer columns, which the signature does not have.
        warnings.simplefilter("ignore")
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module=LOADER,
            data_path=str(named),
            signature=signature(contract, read(named).added_columns.values()),
            input_example=frame,
            pip_requirements=list(REQUIREMENTS),
        )
    shutil.rmtree(named)
    return folder


def signature(contract: Contract, added: Iterable[AddedColumn] = ()) -> ModelSignature:
    """The contract's columns and the answer, as MLflow types.

    Args:
        added: outputs of the bundle's additions.
    """
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ColSpec, Schema, TensorSpec

    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(_type(column), name, required=not column.nullable and column.required)
        for name, column in contract.accepted.items()
    ]
    outputs: list[ColSpec | TensorSpec] = [
        *(ColSpec("double", name) for name in get(contract.task).outputs.columns),
        ColSpec("boolean", "decision"),
        ColSpec("string", "band"),
        *(ColSpec("string" if column.type == "text" else "double", column.name) for column in added),
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _type(column: Column) -> AnyType | str:
    """MLflow's type of an input.

    A long cannot be missing, and MLflow does not turn one into a double. A boolean comes as true and false or as the
    contract's own two texts, and an epoch as a whole number, a float or a text: MLflow has no narrower type than any.
    """
    from mlflow.types.schema import AnyType

    if column.type == "boolean" or column.is_epoch:
        return AnyType()  # type: ignore[no-untyped-call]
    if column.type == "integer" and not column.nullable:
        return "long"
    return "double" if column.is_numeric else "string"
