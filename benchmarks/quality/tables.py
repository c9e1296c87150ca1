"""The tables: each a dataset with a contract, as many splits as are asked for.

A table with one row a customer has the contract that ``tenure init`` drafts when it is told the label, and is divided
by the product's own split under another seed each time. CDNOW has its own contract with its features, and is divided by
customer. An invented business has its own contract too; each split is generated anew under another seed, the last cut
is the test part, and what is true of its customers is known.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from benchmarks.quality import modeldata
from benchmarks.quality.cache import CACHE
from tenure.api.dataset import load as load_dataset
from tenure.atomic import write_text
from tenure.contract import Contract, dump, load
from tenure.contract.load import FILE_NAME
from tenure.contract.sources import sources_of
from tenure.file_modes import make_folder
from tenure.generators.generate import generate
from tenure.sources import absolute_uri

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
HILLSTROM = os.environ.get("TENURE_BENCH_HILLSTROM")
OWN = os.environ.get("TENURE_BENCH_TABLES")
ONLY = os.environ.get("TENURE_BENCH_TABLES_ONLY")
FIRST_SEED = 7
"""Of the first split; the default of contracts."""


class MissingTableError(Exception):
    """A table that is not on this machine; says how it can be."""


@dataclass(frozen=True)
class Table:
    """One table of the benchmark."""

    name: str
    write: Callable[[Path, int], None]
    """Write ``contract.yaml`` to a folder, for the split of a seed; raises ``MissingTableError``."""
    business: str | None = None
    """The invented business, whose truth lies in ``data`` of that folder."""


def chosen_tables() -> list[Table]:
    """The tables of ``TENURE_BENCH_TABLES_ONLY``, in its order; all without it.

    Raises:
        SystemExit: there is no table of a name.
    """
    found = {table.name: table for table in (*_public(), *_invented(), *_own())}
    if ONLY is None:
        return list(found.values())
    unknown = [name for name in ONLY.split(",") if name not in found]
    if unknown:
        raise SystemExit(f"no table is called {', '.join(unknown)}: there are {', '.join(found)}")
    return [found[name] for name in ONLY.split(",")]


def seed_of(split: int) -> int:
    """The seed of a split, counted from 1."""
    return FIRST_SEED + split - 1


def _public() -> list[Table]:
    return [
        Table("telco", partial(_drafted, lambda: DATASETS / "telco" / "telco_churn.csv", "Churn")),
        Table("cdnow", partial(_with_own_contract, DATASETS / "cdnow", {"by": "customer"})),
        Table("gym", partial(_drafted, lambda: DATASETS / "gym" / "members.csv", "quit")),
        *[
            Table(name, partial(_drafted, partial(modeldata.csv_file, name), label))
            for name, label in modeldata.LABELS.items()
        ],
        Table("hillstrom", partial(_drafted, _hillstrom, "visit")),
    ]


def _invented() -> list[Table]:
    sizes = {"streaming": 3_000, "saas": 3_000, "retail": 3_000, "telco-usage": 3_500}
    return [Table(name, partial(_generated, name, customers), name) for name, customers in sizes.items()]


def _own() -> list[Table]:
    """A folder each with a contract and its table, in the folder that ``TENURE_BENCH_TABLES`` names."""
    if OWN is None:
        return []
    files = sorted(Path(OWN).absolute().glob(f"*/{FILE_NAME}"))
    return [Table(file.parent.name, partial(_with_own_contract, file.parent, {})) for file in files]


def _drafted(file: Callable[[], Path], label: str, folder: Path, seed: int) -> None:
    dataset = load_dataset(file(), label=label)
    _write(dataset.contract, dataset.folder, folder, {"seed": seed})


def _with_own_contract(dataset: Path, split: dict[str, Any], folder: Path, seed: int) -> None:
    _write(load(dataset), dataset, folder, {**split, "seed": seed})


def _generated(business: str, customers: int, folder: Path, seed: int) -> None:
    generate(business, folder / "data", customers=customers, seed=seed)
    _write(load(DATASETS / business), folder, folder, {})


def _write(contract: Contract, base: Path, folder: Path, split: dict[str, Any]) -> None:
    """Write the contract with some settings of its split replaced, and with absolute addresses."""
    document = contract.model_dump(mode="json", exclude_defaults=True)
    document["split"] = {**document.get("split", {}), **split}
    for name, source in sources_of(contract).items():
        described = document if name is None or not contract.tables else document["tables"][name]
        described["source"]["uri"] = absolute_uri(source.uri or "", base)
    make_folder(folder)
    write_text(folder / FILE_NAME, dump(Contract.model_validate(document)))


def _hillstrom() -> Path:
    """The e-mail campaign of MineThatData (Hillstrom 2008), without what else happened after the e-mail."""
    if HILLSTROM is None:
        raise MissingTableError("name its file, hillstrom.csv.gz, by TENURE_BENCH_HILLSTROM")
    file = CACHE / "tables" / "hillstrom.csv"
    if not file.exists():
        make_folder(file.parent)
        pa.csv.write_csv(pa.csv.read_csv(HILLSTROM).drop_columns(["conversion", "spend"]), file)
    return file
