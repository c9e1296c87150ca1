"""The aggregates, one a module: ``AGGREGATE``. A new one is a new module here and its test."""
