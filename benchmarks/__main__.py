"""``python -m benchmarks [NAME …]``: run all benchmarks, or the named ones."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from pathlib import Path

NOT_BENCHMARKS = {"__main__", "table"}


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in NOT_BENCHMARKS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*names(), []], help="a benchmark; all without one")
    for name in parser.parse_args().name or names():
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
