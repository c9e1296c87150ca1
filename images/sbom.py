"""Write the software bill of materials of an image, in CycloneDX JSON: ``python images/sbom.py ROLE [FILE]``.

It lists the locked packages that the image's Dockerfile installs, with the hashes of their files, and the base image by
its digest; the packages of the base image's distribution are the base image's own to list. Made by ``cyclonedx-py``
from the locks alone: no engine, no network, and the same bytes for the same revision.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from packaging.markers import Marker

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LOCK = re.compile(r"requirements/[a-z]+\.txt")
IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""Values of environment markers in an image."""
NAME = re.compile(r"[A-Za-z0-9]")


def locks(role: str) -> list[Path]:
    """The locks that the Dockerfile of ``role`` copies."""
    text = (HERE / role / "Dockerfile").read_text(encoding="utf-8")
    return [ROOT / name for name in dict.fromkeys(LOCK.findall(text)) if (ROOT / name).is_file()]


def requirements(role: str) -> str:
    """The locks of ``role`` as one, each package once, without those that images/install.sh leaves out."""
    omit = HERE / role / "omit.txt"
    left_out = set() if not omit.exists() else {
        line.split()[0] for line in omit.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"
    }  # fmt: skip
    entries: dict[str, str] = {}
    for lock in locks(role):
        name = ""
        for line in lock.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            if NAME.match(line):
                name = line.split("==")[0]
                entries[name] = ""
            entries[name] += f"{line}\n"
    return "".join(entry for name, entry in entries.items() if name not in left_out and _is_for_image(entry))


def _is_for_image(entry: str) -> bool:
    """Whether a requirement applies to the image: the locks are for all systems, an image is Linux."""
    _, _, marker = entry.splitlines()[0].rstrip("\\ ").partition(";")
    return not marker or Marker(marker.strip()).evaluate(IMAGE)


def base_image() -> dict[str, Any]:
    """The base image as a component."""
    pairs = re.findall(r"^(\w+)=(\S+)$", (HERE / "versions.env").read_text(encoding="utf-8"), re.MULTILINE)
    versions = dict(pairs)
    name, _, tag = versions["BASE_NAME"].partition(":")
    digest = versions["BASE_DIGEST"]
    algorithm, _, content = digest.partition(":")
    return {
        "type": "container",
        "bom-ref": "base-image",
        "name": name,
        "version": tag,
        "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}],
        "purl": f"pkg:oci/{name}@{digest.replace(':', '%3A')}?tag={tag}",
    }


def bill(role: str) -> dict[str, Any]:
    """The bill of materials of the image ``role``.

    Raises:
        subprocess.CalledProcessError: cyclonedx-py cannot read a lock.
    """
    text = requirements(role)
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "requirements.txt"
        lock.write_text(text, encoding="utf-8")
        # Its own validation takes nine tenths of its time and sees a part of the bill; the tests validate the whole.
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--no-validate", "--output-reproducible"]
        done = subprocess.run([*command, "--of", "JSON", "--sv", "1.6", str(lock)], check=True, stdout=subprocess.PIPE)
    document: dict[str, Any] = json.loads(done.stdout)
    version = subprocess.run(
        ["git", "describe", "--tags", "--always"], cwd=ROOT, check=False, capture_output=True, text=True
    ).stdout.strip()
    image = {
        "type": "container",
        "bom-ref": f"tenure-{role}",
        "name": f"tenure-{role}",
        "version": version or "unknown",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    document["metadata"]["component"] = image
    document["components"].append(base_image())
    packages = sorted(component["bom-ref"] for component in document["components"])
    document["dependencies"] = [{"ref": image["bom-ref"], "dependsOn": packages}, *({"ref": ref} for ref in packages)]
    # By content, so that it is the same for the same packages and another for others.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return {**document, "serialNumber": f"urn:uuid:{number}"}


def main() -> int:
    """Write the bill of the image named on the command line; returns the exit status."""
    roles = sorted(path.parent.name for path in HERE.glob("*/Dockerfile"))
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in roles:
        print(f"usage: python images/sbom.py {{{','.join(roles)}}} [FILE]", file=sys.stderr)
        return 2
    text = json.dumps(bill(sys.argv[1]), indent=2) + "\n"
    if len(sys.argv) == 3:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
