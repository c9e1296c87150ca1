"""Score: predictions for a whole table, in Parquet files."""
