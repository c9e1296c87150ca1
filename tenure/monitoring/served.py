"""Customers as the model server met them: what the prediction log holds of one version."""

from __future__ import annotations

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
"""Of the log: the newest."""


@dataclass(frozen=True)
class Served:
    """The last rows that a version answered."""

    location: str
    version: str
    rows: pa.Table
    """As ``tenure.prediction_log`` has them."""

    @classmethod
    def read(cls, model: Bundle, location: str) -> Served:
        """
        Raises:
            DataError: there is no prediction log.
            SourceError: the system that holds it cannot be reached.
        """
        # What was written before the model was made is not of it: on a long log that is most of the files.
        since = datetime.fromisoformat(model.manifest.created_at)
        return cls(location, model.version, answered(location, model.version, MAX_ROWS, since))

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """What the model said, shape (n,); without the rows that the fallback answered."""
        own = self.rows.filter(pc.and_(pc.invert(self.rows["fallback"]), pc.is_valid(self.rows["score"])))
        scores: NDArray[np.float64] = own["score"].to_numpy()
        return scores

    def customers(self, model: Bundle) -> tuple[pa.RecordBatch, int]:
        """The inputs of the rows that parse as in training, and how many do not."""
        inputs = self.rows["inputs"].combine_chunks()
        asked = pa.RecordBatch.from_struct_array(inputs.chunk(0) if isinstance(inputs, pa.ChunkedArray) else inputs)
        known = {name: column for name, column in model.contract.inputs.items() if name in asked.schema.names}
        parsed, faults = parse_batch(asked, known)
        return parsed.filter(pa.array(~faults.bad)), int(np.count_nonzero(faults.bad))

    def __str__(self) -> str:
        if not self.rows.num_rows:
            return f"{self.location} holds nothing that version {self.version} answered"
        first, last = (f"{moment.as_py():%Y-%m-%d %H:%M}" for moment in pc.min_max(self.rows["time"]).values())
        return (
            f"{self.location}: {self.rows.num_rows:,} customers answered by {self.version} from {first} to {last} UTC"
        )
