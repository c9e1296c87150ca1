"""Ingest: from the source to one typed Parquet file, and a file of the rows that did not parse."""
