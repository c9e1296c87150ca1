"""The steps of the pipelines: a folder each, ``component.py`` (the KFP declaration) beside ``logic.py`` (the work)."""
