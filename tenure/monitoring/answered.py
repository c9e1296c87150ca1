"""Customers that the model server answered: the prediction log's rows of one version."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tenure.bundle import Bundle
from tenure.parsing import parse_batch
from tenure.prediction_log import answered

MAX_ROWS = 100_000
"""Rows read of a log, the newest first."""


@dataclass(frozen=True)
class Answered:
    """The newest rows that one version of a model answered."""

    location: str
    version: str
    rows: pa.Table
    """Columns as in ``tenure.prediction_log``."""

    @classmethod
    def read(cls, model: Bundle, location: str) -> Answered:
        """Read the rows that ``model`` answered.

        Args:
            model: only rows of its version are read.
            location: folder of the log, or an address such as ``s3://bucket/prediction-log``.

        Raises:
            DataError: there is no prediction log.
            SourceError: the system that holds it cannot be reached.
        """
        # Files older than the model cannot hold its answers; in a long log that is most of them.
        since = datetime.fromisoformat(model.manifest.created_at)
        return cls(location, model.version, answered(location, model.version, MAX_ROWS, since))

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Scores of the rows that the model itself answered, float64 (n,); rows of the fallback are left out."""
        own = self.rows.filter(pc.and_(pc.invert(self.rows["fallback"]), pc.is_valid(self.rows["score"])))
        scores: NDArray[np.float64] = own["score"].to_numpy()
        return scores

    def inputs(self, model: Bundle) -> tuple[pa.RecordBatch, Counter[str]]:
        """Parse the inputs as in training.

        Returns:
            The rows that parse, and the number of the others by reason.
        """
        logged = self.rows["inputs"].combine_chunks()
        raw = pa.RecordBatch.from_struct_array(logged.chunk(0) if isinstance(logged, pa.ChunkedArray) else logged)
        known = {name: column for name, column in model.contract.accepted.items() if name in raw.schema.names}
        parsed, faults = parse_batch(raw, known)
        rejected = faults.rejected(raw, pa.array(range(raw.num_rows)))
        return parsed.filter(pa.array(~faults.bad)), Counter(row.kind for row in rejected)

    def __str__(self) -> str:
        if not self.rows.num_rows:
            return f"{self.location}: no customers answered by {self.version}"
        first, last = (f"{moment.as_py():%Y-%m-%d %H:%M}" for moment in pc.min_max(self.rows["time"]).values())
        return (
            f"{self.location}: {self.rows.num_rows:,} customers answered by {self.version} from {first} to {last} UTC"
        )
