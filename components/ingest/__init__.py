"""Ingest: from the sources to a typed Parquet file a table, and a file of the rows that did not parse."""
