"""``python -m benchmarks [NAME …]``: run all benchmarks, or the named ones; build/bench/NAME.md keeps the tables."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import pkgutil
import sys
import traceback
from pathlib import Path

from tenure.atomic import write_text

NOT_BENCHMARKS = {
    *("__main__", "clients", "load", "malformed", "peers", "seeded", "served_bundle", "steps", "table", "telco_table"),
    *("attacks", "event_features", "http_attacks", "trials"),
}

TABLES = Path(__file__).resolve().parent.parent / "build" / "bench"


class Tee(io.StringIO):
    """Keeps what is printed, and prints it."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in NOT_BENCHMARKS)


def main() -> int:
    """Run the benchmarks one after the other; the exit status is 1 if one of them fails, and the others still run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name", nargs="*", choices=[*names(), []], metavar="NAME", help=f"{', '.join(names())} (default: all)"
    )
    TABLES.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in parser.parse_args().name or names():
        tables = Tee()
        try:
            with contextlib.redirect_stdout(tables):
                importlib.import_module(f"benchmarks.{name}").main()
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
            continue
        write_text(TABLES / f"{name}.md", tables.getvalue())
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
