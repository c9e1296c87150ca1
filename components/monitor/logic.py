"""Monitor: compare the current customers with those that the model was trained on, and write what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenure.contract.settings import Source
from tenure.monitoring import compare


def run(
    *,
    bundle: Path,
    current: Source | Mapping[str, Source] | None,
    monitoring: Path,
    base_folder: Path = Path(),
    reference: Source | None = None,
    scores: Path | None = None,
    log: str | None = None,
    as_of: str = "",
) -> dict[str, Any]:
    """Compare, and write ``monitoring.json`` and ``drift.html``.

    Args:
        monitoring: folder that both files are written to.
        bundle, current, base_folder, reference, scores, log, as_of: as ``tenure.monitoring.compare``, ``bundle`` being
            its ``model``.

    Returns:
        The content of ``monitoring.json``, which ``tenure.monitoring.Monitoring`` describes.

    Raises:
        TenureError: as ``tenure.monitoring.compare``. StorageError: the disk is full or cannot be written.
    """
    found = compare(bundle, current, reference=reference, scores=scores, log=log, base_folder=base_folder, as_of=as_of)
    found.save(monitoring)
    return found.to_dict()
