"""Ingest, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def ingest(contract: str, fingerprint: str, raw: dsl.Output[dsl.Dataset]) -> None:
    """Read the contract's tables into typed files.

    Args:
        contract: the contract, YAML text, with absolute addresses of sources.
        fingerprint: changes when the data at an address changes. Only part of the cache key.
        raw: ingest.json; data.parquet and rejected.parquet, of several tables in tables/<name>.
    """
    from pathlib import Path

    from components.content import address_by_content
    from components.ingest.logic import run
    from components.lineage import trace
    from components.step import publish, step

    with step("ingest") as running:
        running.summary = run(contract, None, Path(raw.path))
        raw.metadata.update(rows=running.summary["rows_accepted"])
        trace([raw], contract=contract, data_hash=running.summary["data_hash"])
        publish(Path(raw.path) / "ingest.json")
        address_by_content(raw)
