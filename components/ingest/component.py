"""Ingest, as a KFP component."""

from kfp import dsl

from components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def ingest(contract: str, fingerprint: str, raw: dsl.Output[dsl.Dataset]) -> None:
    """Read the contract's source into one typed table.

    Args:
        contract: the contract, YAML text, with an absolute source address.
        fingerprint: changes when the data at the address changes. Only part of the cache key.
        raw: data.parquet, rejected.parquet, ingest.json.
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
