"""From raw columns to the matrix that models see: one code path for training and serving."""

from tenure.transform.containers import Values
from tenure.transform.fitting import LabelColumn, Tables, fit, of_table
from tenure.transform.imputation import rows_held
from tenure.transform.imputer_fitting import fit_imputers
from tenure.transform.state import Feature
from tenure.transform.today import days_of, read_day, utc_day, with_today
from tenure.transform.training_rows import encode_training_rows
from tenure.transform.transform import Columns, Encoded, Transform

__all__ = [
    "Columns",
    "Encoded",
    "Feature",
    "LabelColumn",
    "Tables",
    "Transform",
    "Values",
    "days_of",
    "encode_training_rows",
    "fit",
    "fit_imputers",
    "of_table",
    "read_day",
    "rows_held",
    "utc_day",
    "with_today",
]
