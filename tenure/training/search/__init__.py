"""The parameter search: one Optuna study for each unit of work."""
