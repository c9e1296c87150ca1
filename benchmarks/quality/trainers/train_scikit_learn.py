"""Two models as one writes them with scikit-learn: their defaults behind the usual preparation of columns.

python train_scikit_learn.py logistic_regression|hist_gradient_boosting SPLIT OUT
"""

import json
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from outcome import processor_s, row_s, write

LATENCY_ROWS = 50
MAX_CATEGORIES = 254
"""Of ``HistGradientBoostingClassifier`` with its 255 bins: rarer values are one category."""


def main(name: str, split: Path, out: Path) -> None:
    warnings.simplefilter("ignore")
    roles = json.loads((split / "roles.json").read_text(encoding="utf-8"))
    learn, test = (pd.read_parquet(split / f"{part}.parquet") for part in ("learn", "test"))
    x, x_test = plain(learn[roles["features"]]), plain(test[roles["features"]])
    if name == "logistic_regression":
        model = logistic_regression(x)
    else:
        model, (x, x_test) = hist_gradient_boosting(), with_categories(x, x_test)
    model.fit(x, learn["_label"])
    trained_s = processor_s()
    rows = [x_test.iloc[[row]] for row in range(min(LATENCY_ROWS, len(x_test)))]
    figures = {
        "processor_s": trained_s,
        "row_s": row_s(model.predict_proba, rows),
        "bytes": len(pickle.dumps(model)),
        "model": name,
    }
    write(out, model.predict_proba(x_test)[:, 1], figures)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as float64, times as days since 1970, everything else as text with None for missing."""
    columns = {}
    for name, column in frame.items():
        if pd.api.types.is_bool_dtype(column) or not (is_number(column) or is_time(column)):
            columns[name] = column.astype(object).where(column.notna(), None).map(str, na_action="ignore")
        elif is_number(column):
            columns[name] = column.astype(np.float64)
        else:
            times = pd.to_datetime(column, utc=True)
            columns[name] = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return pd.DataFrame(columns)


def is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column)


def is_time(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.infer_dtype(column, skipna=True) == "date"


def logistic_regression(x: pd.DataFrame):
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in x if is_number(x[name])]
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), [name for name in x if name not in numbers]),
    )
    return make_pipeline(prepared, LogisticRegression(max_iter=5_000))


def hist_gradient_boosting():
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)


def with_categories(x: pd.DataFrame, x_test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Text columns as categories of the training rows; a value that they lack is missing."""
    for name in x:
        if not is_number(x[name]):
            known = x[name].value_counts().index[:MAX_CATEGORIES]
            x[name], x_test[name] = (pd.Categorical(column, categories=known) for column in (x[name], x_test[name]))
    return x, x_test


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
