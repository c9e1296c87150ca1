"""Keys of the object store's identities, in the format of SeaweedFS's ``-s3.config``.

identities.py make IDENTITIES   write a configuration with a random key for each identity
identities.py renew IDENTITIES  add a random key to each identity of the configuration on standard input
identities.py retire            keep the newest key of each identity of the configuration on standard input
identities.py show NAME         print an identity's accessKey and secretKey, of the configuration on standard input
"""

import json
import secrets
import sys
from pathlib import Path
from typing import Any

Identity = dict[str, Any]


def make(rights: dict[str, list[str]]) -> list[Identity]:
    return [{"name": name, "credentials": [_key(name)], "actions": actions} for name, actions in rights.items()]


def renew(present: list[Identity], rights: dict[str, list[str]]) -> list[Identity]:
    """A new key for each identity; the present one is valid until it is retired."""
    before = {identity["name"]: identity["credentials"][:1] for identity in present}
    made = make(rights)
    for identity in made:
        identity["credentials"] += before.get(identity["name"], [])
    return made


def retire(present: list[Identity]) -> list[Identity]:
    return [{**identity, "credentials": identity["credentials"][:1]} for identity in present]


def show(present: list[Identity], name: str) -> str:
    for identity in present:
        if identity["name"] == name:
            newest = identity["credentials"][0]
            return f"{newest['accessKey']} {newest['secretKey']}"
    raise SystemExit(
        f"error: the Secret tenure-object-store-identities has no identity {name}: "
        "docs/operations.md, 'Keys of the object store', says how it gets one"
    )


def _key(name: str) -> dict[str, str]:
    return {"accessKey": f"tenure-{name}-{secrets.token_hex(4)}", "secretKey": secrets.token_hex(24)}


def main(*arguments: str) -> str:
    match arguments:
        case ["make", file]:
            return _configuration(make(_rights(file)))
        case ["renew", file]:
            return _configuration(renew(_present(), _rights(file)))
        case ["retire"]:
            return _configuration(retire(_present()))
        case ["show", name]:
            return show(_present(), name)
        case ["--help" | "-h"]:
            return __doc__
    raise SystemExit("error: expected make, renew, retire or show; --help explains them")


def _configuration(identities: list[Identity]) -> str:
    return json.dumps({"identities": identities})


def _present() -> list[Identity]:
    try:
        return list(json.load(sys.stdin)["identities"])
    except (ValueError, KeyError, TypeError):
        raise SystemExit(
            "error: standard input is not the content of the Secret tenure-object-store-identities"
        ) from None


def _rights(file: str) -> dict[str, list[str]]:
    try:
        return dict(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SystemExit(f"error: {file} cannot be read as the rights of the identities: {error}") from None


if __name__ == "__main__":
    print(main(*sys.argv[1:]), end="")
