"""The panel that models are trained on: every eligible customer at every cut, features from before, the label after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.contract import Contract
from tenure.contract.assembly import Assembly
from tenure.contract.schema import LABEL_COLUMN, PART_COLUMN, ROW_COLUMN, SNAPSHOT_COLUMN
from tenure.contract.sources import assembly_of
from tenure.count_text import listed
from tenure.count_text import rows as rows_text
from tenure.errors import DataError
from tenure.features.arrays import whole_array
from tenure.features.cut_column import cut_column
from tenure.features.cuts import Cuts, cuts
from tenure.features.eligible import eligible
from tenure.features.engines.choice import choose
from tenure.features.engines.engine import Engine
from tenure.features.horizon_labels import Labels, horizon_labels
from tenure.features.instants import instant_text
from tenure.features.label_kinds.outcome import ALREADY
from tenure.features.tables import Tables
from tenure.features.usage import Usage, usage


@dataclass(frozen=True)
class CutCounts:
    """Customers at one cut."""

    cut: str
    """What the clock shows there, in the contract's zone."""
    customers: int
    """Who exist."""
    eligible: int
    left_out: dict[str, int]
    """Of the eligible, those without a label, by the reason."""
    label: float | None
    """Mean of the labels, of a classification the share of customers who leave; None without rows."""

    @property
    def rows(self) -> int:
        """Rows of the panel."""
        return self.eligible - sum(self.left_out.values())


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of customers at cuts."""

    table: pa.Table
    """The key, ``cut``, the inputs, the columns that only reports use, ``_label``, with ``label.times`` ``_part``, and
    ``_row`` (from 1); ordered by cut and key."""
    cuts: tuple[CutCounts, ...]
    usage: Mapping[str, Usage]
    """By table, what became of its rows at the cuts."""
    remarks: tuple[str, ...]
    """What people should know of the rows."""
    warnings: tuple[str, ...]


def panel(contract: Contract, tables: Tables, engine: Engine | None = None) -> Panel:
    """Every eligible customer at every cut of a contract.

    Args:
        contract: one whose features are computed from tables.
        tables: its parsed tables.
        engine: what deals the customers; chosen by the size of the tables without it.

    Raises:
        DataError: the data do not cover a cut, no customer is eligible at any, or as ``horizon_labels``.
    """
    assembly, engine = assembly_of(contract), engine or choose(tables)
    found = cuts(assembly, tables)
    rows, customers = _eligible_rows(contract, tables, found, engine)
    cut = _places(rows, found.instants, assembly)
    labels = horizon_labels(contract, tables, found.instants, whole_array(rows.column(contract.key_column)), cut)
    counts = tuple(_counts(found.instants, customers, cut, labels, assembly))
    _refuse_empty(assembly, counts)
    kept = labels.left_out < 0
    table = rows.filter(pa.array(kept)).select([contract.key_column, SNAPSHOT_COLUMN, *_kept_columns(assembly)])
    table = table.append_column(LABEL_COLUMN, pa.array(labels.values[kept]))
    if labels.parts is not None:
        table = table.append_column(PART_COLUMN, pa.array(labels.parts[kept]))
    table = table.append_column(ROW_COLUMN, pa.array(np.arange(1, table.num_rows + 1, dtype=np.int64)))
    used = usage(contract, tables, found.instants, engine)
    remarks = tuple(
        f"{rows_text(count)} of customers who {remark}" for remark, count in labels.remarks.items() if count
    )
    return Panel(table, counts, used, remarks, (*found.warnings, *_warnings(assembly, counts)))


def _eligible_rows(
    contract: Contract, tables: Tables, found: Cuts, engine: Engine
) -> tuple[pa.Table, NDArray[np.int64]]:
    """The eligible customers' features, ordered by cut and key, and the number of customers who exist at each cut."""
    assembly = assembly_of(contract)
    customers = np.zeros(len(found.instants), dtype=np.int64)
    batches = []
    for batch in engine.panel(contract, tables, found.instants):
        customers += np.bincount(_places(batch, found.instants, assembly), minlength=len(found.instants))
        batches.append(batch.filter(pa.array(eligible(contract, batch))))
    rows = pa.Table.from_batches(batches)
    return rows.sort_by([(SNAPSHOT_COLUMN, "ascending"), (contract.key_column, "ascending")]), customers


def _places(rows: pa.Table | pa.RecordBatch, instants: Sequence[int], assembly: Assembly) -> NDArray[np.int64]:
    """Place of each row's cut among the instants; shape (rows,)."""
    known = cut_column(instants, [1] * len(instants), assembly.zone)
    places = pc.index_in(rows.column(SNAPSHOT_COLUMN), value_set=known)
    found: NDArray[np.int64] = whole_array(places).to_numpy().astype(np.int64)
    return found


def _kept_columns(assembly: Assembly) -> list[str]:
    """The inputs, and the columns that only reports use."""
    columns = [name for name, as_of in assembly.as_of_columns.items() if as_of.column.role in ("feature", "sensitive")]
    return columns + [name for name, window in assembly.windows.items() if window.window.feature]


def _counts(
    instants: Sequence[int], customers: NDArray[np.int64], cut: NDArray[np.int64], labels: Labels, assembly: Assembly
) -> Iterator[CutCounts]:
    for number, instant in enumerate(instants):
        here = cut == number
        reasons, values = labels.left_out[here], labels.values[here]
        labelled = values[reasons < 0]
        yield CutCounts(
            cut=instant_text(instant, assembly.zone),
            customers=int(customers[number]),
            eligible=int(here.sum()),
            left_out={
                reason: count for place, reason in enumerate(labels.reasons) if (count := int((reasons == place).sum()))
            },
            label=float(labelled.mean()) if len(labelled) else None,
        )


def _refuse_empty(assembly: Assembly, counts: Sequence[CutCounts]) -> None:
    if any(each.rows for each in counts):
        return
    first, last = counts[0], counts[-1]
    where = f"at the cut {first.cut}" if len(counts) == 1 else f"at any of the {len(counts)} cuts from {first.cut} on"
    if not any(each.customers for each in counts):
        raise DataError(f"no customer exists {where}: do the keys and times of the tables go together?")
    if not any(each.eligible for each in counts):
        raise DataError(f"no customer is eligible {where}: {_rule(assembly)}; {last.customers:,} exist at {last.cut}")
    raise DataError(f"no customer has a label {where}: {_reasons(counts)}")


def _rule(assembly: Assembly) -> str:
    """Who is eligible, for messages; with what the windows are that are no features."""
    if assembly.eligible is None:
        return f"'{assembly.label.column}' is one of {', '.join(assembly.label.to)}"
    hidden = [assembly.windows[name] for name in assembly.eligible.columns if name in assembly.windows]
    return f"'{assembly.eligible.text}'" + "".join(
        f", where '{each.name}' is the {each.window.phrase} over {each.reach_phrase} before the cut"
        for each in hidden
        if not each.window.feature
    )


def _warnings(assembly: Assembly, counts: Sequence[CutCounts]) -> Iterator[str]:
    empty = [each.cut for each in counts if not each.rows]
    if empty:
        yield f"no customer stands at {len(empty)} of {len(counts)} cuts: {listed(empty)}"
    already = sum(each.left_out.get(ALREADY, 0) for each in counts)
    if already and assembly.label.kind == "lapse":
        yield (
            f"{already:,} of {sum(each.eligible for each in counts):,} eligible rows are customers without a running "
            f"period of '{assembly.label.table}' at the cut: they are left out of training, and scored unless "
            "'eligible' leaves them out, too"
        )


def _reasons(counts: Sequence[CutCounts]) -> str:
    """Why rows at cuts have no label, and how many."""
    found = Counter[str]()
    for each in counts:
        found.update(each.left_out)
    return ", ".join(f"{count:,} {reason}" for reason, count in found.items())
