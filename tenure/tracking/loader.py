"""Called by MLflow to load a registered version: ``mlflow.pyfunc.load_model("models:/telco@champion")``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.bundle import Bundle, read
from tenure.transform import utc_day

if TYPE_CHECKING:
    import pandas as pd


class ChurnModel:
    """A bundle with the interface that MLflow expects of a Python model."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(
        self,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 (MLflow passes it)
    ) -> pd.DataFrame:
        """Probability (or value, with its interval), decision and band of each row of raw customer columns,
        and the outputs of the bundle's additions.

        ``today()`` is the row's day (``_today``, or the time column) where it has one, else today in UTC.
        """
        import pandas as pd
        import pyarrow as pa

        columns = {str(name): pa.Array.from_pandas(values) for name, values in model_input.items()}
        answer = self.bundle.predict(columns, day=utc_day(), additions=True)
        columns_of_answer = {
            **answer.columns,
            "decision": answer.decision,
            "band": list(answer.band),
            **{name: answer.added_values(column) for name, column in self.bundle.added_columns.items()},
        }
        return pd.DataFrame(columns_of_answer, index=model_input.index)


def _load_pyfunc(path: str) -> ChurnModel:
    return ChurnModel(read(Path(path)))
