"""Parts of the benchmark ``quality``.

python -m benchmarks.quality train METHOD …     only these methods, and no table of results
python -m benchmarks.quality show               the table of the results that are kept
"""

from __future__ import annotations

import sys

from benchmarks.quality.run import show_kept, train


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["train"] and arguments[1:]:
        train(arguments[1:])
    elif arguments == ["show"]:
        show_kept()
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
