"""Keys of the object store's identities, in the format of SeaweedFS's ``-s3.config``.

identities.py make IDENTITIES   write a configuration with a random key for each identity
identities.py show NAME KEY     print an identity's accessKey or secretKey, of the configuration on standard input
"""

import json
import secrets
import sys
from pathlib import Path


def make(identities: Path) -> str:
    rights = json.loads(identities.read_text(encoding="utf-8"))
    made = [
        {
            "name": name,
            "credentials": [{"accessKey": f"tenure-{name}", "secretKey": secrets.token_hex(24)}],
            "actions": actions,
        }
        for name, actions in rights.items()
    ]
    return json.dumps({"identities": made})


def show(configuration: str, name: str, key: str) -> str:
    for identity in json.loads(configuration)["identities"]:
        if identity["name"] == name:
            return str(identity["credentials"][0][key])
    raise SystemExit(
        f"error: the Secret tenure-object-store-identities has no identity {name}: "
        "docs/operations.md, 'Object store keys', says how it is made anew"
    )


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(make(Path(arguments[0])) if command == "make" else show(sys.stdin.read(), *arguments), end="")
