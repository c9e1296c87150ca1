"""The statistics of drift, a module each: its name is the statistic's, its ``STATISTIC`` the implementation."""

import pkgutil
from importlib import import_module

from tenure.monitoring.statistic import Statistic

PSI = "psi"
"""Name of the statistic that ``Monitoring.columns`` holds and that predictions are judged by, too."""


def find() -> dict[str, Statistic]:
    """The statistics by name, from the listing of this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").STATISTIC for name in names}


STATISTICS = find()
"""Those that ``tenure.monitoring.compare`` computes."""
