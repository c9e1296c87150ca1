"""What a release is made of: pinned actions, licences, bills of materials."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ROLES = ("server", "pipeline", "rollout")
USES = re.compile(r"^\s*(?:- )?uses:\s*(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
UNTRUSTED = re.compile(r"\$\{\{")


def steps(workflow: Path) -> list[tuple[str, dict[str, Any]]]:
    """Name of the job, and each of its steps."""
    document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return [(name, step) for name, job in document["jobs"].items() for step in job.get("steps", [])]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
class TestWorkflow:
    def test_every_action_is_pinned_to_a_commit_with_its_version(self, workflow: Path) -> None:
        used = USES.findall(workflow.read_text(encoding="utf-8"))
        assert used
        for action in used:
            assert PINNED.fullmatch(action.strip()), action

    def test_one_version_of_an_action(self, workflow: Path) -> None:
        everywhere = {use for each in WORKFLOWS for use in USES.findall(each.read_text(encoding="utf-8"))}
        names = [use.split("@")[0] for use in everywhere]
        assert sorted(names) == sorted(set(names))

    def test_permissions_are_given_job_by_job(self, workflow: Path) -> None:
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        assert document["permissions"] == {}
        for name, job in document["jobs"].items():
            granted = job["permissions"]
            writes = {scope for scope, right in granted.items() if right != "read"}
            assert isinstance(granted, dict)
            assert not writes or workflow.stem == "release", f"{name} may write {writes}"
            assert job["timeout-minutes"] <= 90

    def test_a_checkout_keeps_no_credentials(self, workflow: Path) -> None:
        checkouts = [step for _, step in steps(workflow) if "actions/checkout@" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)

    def test_no_expression_is_part_of_a_script(self, workflow: Path) -> None:
        for name, step in steps(workflow):
            assert not UNTRUSTED.search(step.get("run", "")), f"{name}: pass it by env"

    def test_nothing_runs_for_strangers_with_rights(self, workflow: Path) -> None:
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        triggers = document[True]  # what YAML 1.1 makes of the key 'on'
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)


def test_a_release_scans_signs_and_attests_before_it_is_published() -> None:
    release = ROOT / ".github" / "workflows" / "release.yml"
    names = [step.get("uses", step.get("run", "")).split("@")[0] for job, step in steps(release) if job == "image"]
    order = [
        "anchore/scan-action",
        "docker/login-action",
        "docker push",
        "cosign sign",
        "actions/attest-build-provenance",
    ]
    places = [next(place for place, name in enumerate(names) if wanted in name) for wanted in order]
    assert places == sorted(places)
    assert "actions/attest-sbom" in names
    document = yaml.safe_load(release.read_text(encoding="utf-8"))
    assert set(document["jobs"]["publish"]["needs"]) == {"image", "wheel"}
    assert document["jobs"]["image"]["needs"] == "test"


@pytest.mark.parametrize("role", ROLES)
def test_an_image_carries_the_licence_and_labels(role: str) -> None:
    text = (ROOT / "images" / role / "Dockerfile").read_text(encoding="utf-8")
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', text))
    assert labels["licenses"] == "Apache-2.0"
    assert labels["title"] == f"tenure-{role}"
    assert set(labels) >= {"description", "revision", "version"}
    assert "COPY LICENSE /licenses/LICENSE" in text
    assert "COPY --from=build /licenses /licenses" in text.split("FROM ${BASE_IMAGE}")[-1]


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert all(f"   {number}. " in text for number in range(1, 10))


@pytest.mark.slow
def test_the_wheel_carries_the_licence(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    packages = ("tenure/", "components/", "pipelines/", "serving/", "rollout/")
    for name in listed.split("\0"):
        if name.startswith(packages) or name in ("pyproject.toml", "README.md", "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, source], check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
        (metadata,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()


@pytest.mark.parametrize("role", ROLES)
def test_the_bill_of_materials_of_an_image(role: str, tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    made = []
    for place in ("a", "b"):
        target = tmp_path / f"{place}.json"
        subprocess.run([sys.executable, ROOT / "images" / "sbom.py", role, target], check=True, timeout=120)
        made.append(target.read_text(encoding="utf-8"))
    assert made[0] == made[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made[0]) is None
    document = json.loads(made[0])
    assert document["metadata"]["component"]["name"] == f"tenure-{role}"
    parts = {part["name"]: part for part in document["components"]}
    base = parts.pop("python")
    versions = (ROOT / "images" / "versions.env").read_text(encoding="utf-8")
    assert f"sha256:{base['hashes'][0]['content']}" in versions
    assert all(part["purl"].startswith("pkg:pypi/") and part["version"] for part in parts.values())
    assert all(part["externalReferences"][0]["hashes"] for part in parts.values())
    wanted, left_out = {
        "server": ({"kserve", "onnxruntime", "pyarrow"}, {"kubernetes", "pandas", "mlflow-skinny"}),
        "pipeline": ({"kfp", "mlflow-skinny", "kserve"}, {"kfp-server-api", "pytest"}),
        "rollout": ({"kubernetes"}, {"numpy", "kserve"}),
    }[role]
    assert wanted <= set(parts)
    assert not left_out & set(parts)
    assert not {"colorama", "pywin32"} & set(parts), "for Windows alone"


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["server", "a", "b"]])
def test_a_bill_of_nothing(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "images" / "sbom.py", *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "usage:" in done.stderr
