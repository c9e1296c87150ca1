"""Where the benchmark keeps tables, splits and results."""

from __future__ import annotations

import os
from pathlib import Path

CACHE = Path(os.environ.get("TENURE_BENCH_CACHE", Path.home() / ".cache" / "tenure-quality")).absolute()
