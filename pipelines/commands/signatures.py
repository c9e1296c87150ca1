"""``tenure keys``, ``tenure models verify`` and ``tenure models sign``: signatures of bundles."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import models
from pipelines.commands.models import NameOption, registry_of
from pipelines.commands.options import HomeOption, JsonOption, command, print_json

if TYPE_CHECKING:
    from tenure.signing import TrustRoot

keys = typer.Typer(rich_markup_mode=None)

TrustOption = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        envvar="TENURE_TRUST",
        help="File or folder of public keys. [default: keys/trusted in the home]",
    ),
]
VersionArgument = Annotated[
    str, typer.Argument(metavar="VERSION", help="A version's number or alias, or a bundle's folder.")
]


def register(parent: typer.Typer) -> None:
    """Add the group ``keys``, and the commands of the group ``models``."""
    parent.add_typer(keys, name="keys", help="Keys that sign bundles: create, show.", no_args_is_help=True)
    command(
        models.app,
        "verify",
        """
tenure models verify
tenure models verify 2 --name telco --trust keys/trusted
tenure models verify bundle --json | jq -r .signed_by
""",
    )(verify)
    command(
        models.app,
        "sign",
        """
tenure models sign champion
tenure models sign 3 --name telco --trust keys/trusted
""",
    )(sign)


def verify(
    version: VersionArgument = "champion",
    *,
    trust: TrustOption = None,
    name: NameOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Verify a version's files and signature: who signed it, and when.

    The files are read from the registry, not from a copy. The exit status is 0 if a trusted key signed them; 2 if not,
    or if a file was changed; 3 if the registry does not answer.
    """
    from tenure.bundle.files import read_signed_files

    with tempfile.TemporaryDirectory(prefix="tenure-bundle-") as temporary:
        folder, shown, expected = _bundle(version, name, home, Path(temporary))
        with _naming(shown, folder):
            manifest, _, signed = read_signed_files(folder, _trust_root(trust, home))
    _check_version(shown, expected, manifest.version)
    if json:
        statement = signed.statement
        print_json(
            {
                "name": manifest.name,
                "bundle_version": manifest.version,
                "signed_by": statement.signed_by,
                "signed_at": statement.signed_at,
                "run_id": statement.run_id or None,
                "key": signed.key_id,
                "key_valid_until": signed.valid_until and signed.valid_until.isoformat(),
            }
        )
        return
    until = "" if signed.valid_until is None else f", valid until {signed.valid_until}"
    print(f"{shown} (bundle {manifest.version}): {signed.summary}{until}")


def sign(
    version: VersionArgument,
    *,
    trust: TrustOption = None,
    name: NameOption = None,
    home: HomeOption = None,
) -> None:
    """Sign a registered version, or a bundle's folder, by TENURE_SIGNING_KEY or else the home's key.

    An existing signature is replaced if it is valid; a signature by a key that is not trusted is an error. The trust
    root is for the existing signature: whoever reads the bundle must trust the new key.
    """
    from pipelines.local.home import Home
    from tenure.atomic import replacing
    from tenure.bundle import signature_of
    from tenure.bundle.files import read_files, read_signature, read_signed_files
    from tenure.signing import FILE_NAME, home_key, signing_key_from
    from tenure.tracking import whoami

    with tempfile.TemporaryDirectory(prefix="tenure-bundle-") as temporary:
        folder, shown, expected = _bundle(version, name, home, Path(temporary))
        key = signing_key_from() or home_key(_home(home))
        with _naming(shown, folder):
            if read_signature(folder) is None:
                manifest, _ = read_files(folder)
                before = "it was not signed"
            else:
                manifest, _, signed = read_signed_files(folder, _trust_root(trust, home))
                before = f"it was {signed.summary}"
        _check_version(shown, expected, manifest.version)
        signature = signature_of(folder, key, signed_by=whoami())
        copies = [folder]
        if expected is not None:
            registry_of(home, name).replace_signature(version, signature)
            copies = [copy for copy in [Home.at(home).bundles / expected] if copy.exists()]
        for copy in copies:
            with replacing(copy / FILE_NAME) as file:
                file.write_bytes(signature)
    print(f"{shown} (bundle {manifest.version}) is signed by key {key.key_id[:16]}; {before}")


@command(
    keys,
    "create",
    """
tenure keys create
tenure keys create new --valid-until 2027-03-31
""",
)
def create(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Folder of the key pair. [default: keys in the home]")
    ] = None,
    *,
    valid_until: Annotated[
        str, typer.Option("--valid-until", metavar="DAY", help="Last day on which the public key is trusted.")
    ] = "",
    home: HomeOption = None,
) -> None:
    """Create a key pair: signing-key.pem, for the signer alone, and trusted/ID.pem, for all who verify."""
    from tenure.errors import InputError
    from tenure.signing import key_folder, write_key_pair
    from tenure.signing.trust import read_day, today

    place = key_folder(_home(home)) if folder is None else folder
    until = read_day(valid_until) if valid_until else None
    if until is not None and until < today():
        raise InputError(f"--valid-until {until} is in the past: nothing that this key signs would be trusted")
    try:
        key = write_key_pair(place, until)
    except FileExistsError:
        found = "has a key already" if place.is_dir() else "is a file"
        raise InputError(f"{place} {found}: name another folder") from None
    print(f"key {key.key_id[:16]} is in {place}: signing-key.pem signs, trusted/ is the trust root")


@keys.callback()
def default() -> None:
    """Keys that sign bundles: create, show."""


@command(
    keys,
    "show",
    """
tenure keys show
tenure keys show --trust keys/trusted --json | jq -r '.[].key'
""",
)
def show(trust: TrustOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """List the trusted public keys."""
    from pipelines.commands.tables import print_table
    from tenure.signing.trust import today

    found = _trust_root(trust, home).keys
    if json:
        print_json([{"key": key.key_id, "valid_until": key.valid_until} for key in found])
        return
    day = today()
    print_table(
        ["key", "valid until"],
        [(key.key_id[:16], f"{key.valid_until or '-'}{' (expired)' if key.expired(day) else ''}") for key in found],
    )


def _bundle(version: str, name: str | None, home: Path | None, into: Path) -> tuple[Path, str, str | None]:
    """The bundle's folder, a description, and the bundle version in the registry; None for a folder that was named."""
    if (Path(version) / "manifest.json").is_file():
        return Path(version), version, None
    registry = registry_of(home, name)
    found = registry.version(version)
    return registry.download(found.version, into / "bundle"), f"{found.name} {found.version}", found.bundle_version


@contextlib.contextmanager
def _naming(shown: str, folder: Path) -> Iterator[None]:
    """Errors name the version that was asked for, not the temporary copy of its files."""
    from tenure.errors import BundleError

    try:
        yield
    except BundleError as error:
        raise type(error)(f"{shown}: {str(error).removeprefix(f'{folder}: ')}") from None


def _check_version(shown: str, expected: str | None, found: str) -> None:
    from tenure.errors import BundleError

    if expected is not None and expected != found:
        raise BundleError(f"{shown} is bundle {expected} in the registry, but its files are bundle {found}")


def _trust_root(given: Path | None, home: Path | None) -> TrustRoot:
    from tenure.errors import InputError
    from tenure.signing import TrustRoot, key_folder, trust_path
    from tenure.signing.key_files import TRUSTED_FOLDER

    path = trust_path(given)
    if path is None:
        path = key_folder(_home(home)) / TRUSTED_FOLDER
        if not path.exists():
            raise InputError(f"which keys are trusted? {path} does not exist; name a trust root by --trust")
    return TrustRoot.read(path)


def _home(home: Path | None) -> Path:
    from pipelines.local.home import Home

    return Home.at(home).folder
