"""``tenure.check``: a dataset's tables against their contract."""

from __future__ import annotations

from tenure.api.dataset import Dataset, Where, dataset_of
from tenure.api.workspace import Workspace
from tenure.checks import Validation
from tenure.checks.validate import validate
from tenure.features.check import check_table
from tenure.intake.ingest import ingest


def check(data: Dataset | Where) -> Validation:
    """Check the tables of a dataset against their contract, as a run does before it trains.

    Args:
        data: what ``tenure.load`` returns, or takes.

    Returns:
        Every check with its level (``pass``, ``warn``, ``stop``), and the verdict: ``stop`` where ``train`` would
        stop, for the table, its split or a feature that reveals the label. ``print`` shows them as a table.

    Raises:
        ContractError: the contract is invalid.
        DataError: a table cannot be read, or lacks a required column.
        SourceError: the database or object store is down or does not answer in time.
        StorageError: the temporary files cannot be written.

    Examples:
        >>> import tenure
        >>> found = tenure.check("datasets/telco")
        >>> found.verdict, found.rows.good
        ('pass', 7043)
        >>> [check.message for check in found.checks if check.name == "classes"]
        ["'Churn' is 'Yes' in 26.5 % of rows: these left; 'No' (5,174) means stayed"]
    """
    dataset, work = dataset_of(data), Workspace()
    ingest(dataset.contract, work.raw, dataset.folder, dataset.tables)
    return check_table(dataset.contract, work.raw, work.valid).validation


def ingest_and_validate(dataset: Dataset, work: Workspace) -> Validation:
    """The first two stages of every use of a dataset; their files are in the workspace."""
    ingest(dataset.contract, work.raw, dataset.folder, dataset.tables)
    return validate(dataset.contract, work.raw, work.valid).validation
