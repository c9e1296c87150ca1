"""``python -m serving keys create NAME``"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from serving.admission.keys import create_key
from tenure.errors import TenureError

_EPILOG = """example:
  python -m serving keys create mobile-app 2>> keys.txt   # the key goes to the screen, its line to the file
  python -m serving --model telco=bundle --api-keys keys.txt
  curl -H "Authorization: Bearer $KEY" localhost:8080/v2/models/telco/infer -d @request.json
"""


def main(argv: Sequence[str]) -> int:
    """Make a key; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m serving keys",
        description="API keys of the model server.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser(
        "create",
        help="make a key",
        description="Makes a key. It is printed to standard output once and stored nowhere; the line that lets a "
        "server verify it goes to standard error. To revoke a key, remove its line from the file.",
    )
    create.add_argument("name", help="name of the client: lower-case letters, digits, - and _")
    given = parser.parse_args(argv)
    try:
        key, line = create_key(given.name)
    except TenureError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print(key)
    print(line, file=sys.stderr)
    return 0
