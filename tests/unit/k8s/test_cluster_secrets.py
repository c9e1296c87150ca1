"""The Secrets of a cluster that has none, against a kubectl that keeps them in a folder."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from manifests import K8S, run

from tenure.signing import SigningKey
from tenure.signing.trust import parse_keys

FAKE = r"""#!/bin/bash
line="$*"
echo "$line" >>"$FAKE_FOLDER/calls"
[[ $line =~ --namespace\ ([^ ]+) ]] && namespace=${BASH_REMATCH[1]}
if [[ $line =~ get\ namespace\ ([^ ]+) ]]; then
    [[ " ${MISSING:-} " != *" ${BASH_REMATCH[1]} "* ]]
    exit
fi
[[ $line =~ (get|annotate|patch|create)\ secret\ (generic\ )?([^ ]+) ]] || exit 0
verb=${BASH_REMATCH[1]} secret=$FAKE_FOLDER/$namespace.${BASH_REMATCH[3]}
if [[ $verb == create ]]; then
    made=("$FAKE_FOLDER"/*.*)
    [[ -e ${made[0]} ]] || made=()
    [[ ${REFUSE_SECRET:-} != "${#made[@]}" ]] || { echo "error: the connection was lost" >&2; exit 1; }
    mkdir "$secret"
    for argument in "$@"; do
        [[ $argument != --from-file=* ]] || { pair=${argument#--from-file=}; cp "${pair#*=}" "$secret/${pair%%=*}"; }
    done
    exit 0
fi
[[ -d $secret ]] || { echo NotFound >&2; exit 1; }
if [[ $verb == patch ]]; then
    sed -n 's/^{"stringData": {"webhook": "\(.*\)"}}$/\1/p' "${@: -1}" | tr -d '\n' >"$secret/webhook"
elif [[ $line =~ jsonpath=\{\.data\[\'(.+)\'\]\} ]]; then
    base64 --wrap=0 "$secret/${BASH_REMATCH[1]//\\/}"
fi
"""


@dataclass
class Vault:
    folder: Path
    environment: dict[str, str]

    def make(self, **environment: str):
        return run("bash", str(K8S / "scripts/secrets.sh"), environment={**self.environment, **environment})

    @property
    def secrets(self) -> dict[tuple[str, str], dict[str, str]]:
        """What lies in the cluster, by namespace and name."""
        found = {}
        for folder in self.folder.glob("*.*"):
            namespace, name = folder.name.split(".")
            found[namespace, name] = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
        return found

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(FAKE, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "cluster").mkdir()
    path = f"{program.parent}:{os.environ['PATH']}"
    return Vault(tmp_path / "cluster", {"PATH": path, "FAKE_FOLDER": str(tmp_path / "cluster"), "ALERT_WEBHOOK": ""})


def listed() -> dict[tuple[str, str], set[str]]:
    return {
        (namespace, secret["name"]): {*secret["keys"], *secret.get("optional", [])}
        for secret in yaml.safe_load((K8S / "secrets.yaml").read_text(encoding="utf-8"))["secrets"]
        for namespace in secret["namespaces"]
    }


IDENTITIES = {
    "mlflow": ("tenure-platform", "tenure-object-store"),
    "server": ("tenure", "tenure-object-store"),
    "rollout": ("tenure", "tenure-object-store-rollout"),
    "steps": ("kubeflow", "tenure-object-store"),
}
MLFLOW_USERS = {"rollout": ("tenure", "tenure-rollout-mlflow"), "pipelines": ("kubeflow", "kfp-mlflow-credentials")}


def assert_all_agree(secrets: dict[tuple[str, str], dict[str, str]]) -> None:
    """Keys that the store knows, each with its rights alone, and passwords that open MLflow and the database."""
    identities = json.loads(secrets["tenure-platform", "tenure-object-store-identities"]["s3.json"])["identities"]
    found = {identity["name"]: identity for identity in identities}
    rights = json.loads((K8S / "components/object-store/identities.json").read_text(encoding="utf-8"))
    assert {name: identity["actions"] for name, identity in found.items()} == rights
    for name, place in IDENTITIES.items():
        (credentials,) = found[name]["credentials"]
        assert credentials["accessKey"] == secrets[place]["AWS_ACCESS_KEY_ID"]
        assert credentials["secretKey"] == secrets[place]["AWS_SECRET_ACCESS_KEY"]
    for user, place in MLFLOW_USERS.items():
        password = secrets["tenure-platform", "tenure-mlflow-users"][user]
        assert secrets[place] == {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": password}
    postgres = secrets["tenure-platform", "tenure-postgres"]
    assert urlsplit(secrets["tenure-platform", "tenure-mlflow-database"]["uri"]).password == postgres["mlflow-password"]
    assert urlsplit(secrets["kubeflow", "tenure-study-database"]["uri"]).password == postgres["studies-password"]
    audit = secrets["tenure-platform", "tenure-rollout-audit"]["password"]
    assert urlsplit(secrets["tenure", "tenure-rollout-audit"]["uri"]).password == audit


def test_they_are_those_of_the_list_with_random_passwords_that_agree(vault: Vault) -> None:
    result = vault.make()
    assert result.returncode == 0, result.stderr
    made = vault.secrets
    assert {place: set(secret) for place, secret in made.items()} == listed()
    assert_all_agree(made)
    passwords = [value for secret in made.values() for value in secret.values() if re.fullmatch("[0-9a-f]{48}", value)]
    # The store's four that a Secret of their own holds, the database's three, the log's, MLflow's users and session,
    # the audit's.
    assert len(set(passwords)) == 4 + 3 + 1 + 3 + 1 + 1
    s3 = json.loads(made["tenure-platform", "tenure-object-store-identities"]["s3.json"])["identities"]
    keys = [identity["credentials"][0]["secretKey"] for identity in s3]
    assert len(set(keys)) == len(keys) == 5
    passwords += keys
    # On no command line and in no output.
    assert not [word for word in passwords if any(word in call for call in vault.calls) or word in result.stdout]
    annotated = [call for call in vault.calls if "annotate secret tenure-object-store" in call]
    assert len(annotated) == 4
    wanted = yaml.safe_load((K8S / "secrets.yaml").read_text(encoding="utf-8"))["secrets"][0]["annotations"]
    assert all(f" {name}=" in call for call in annotated for name in wanted)


def test_what_is_there_is_never_changed(vault: Vault) -> None:
    assert vault.make().returncode == 0
    before = vault.secrets
    result = vault.make()
    assert result.returncode == 0, result.stderr
    assert vault.secrets == before
    assert "created" not in result.stdout


def test_interruptions_leave_no_two_keys(vault: Vault) -> None:
    for made_before in (1, 2, 6, len(listed()) - 1):
        result = vault.make(REFUSE_SECRET=str(made_before))
        assert result.returncode == 1
        assert "could not be created" in result.stderr
        assert len(vault.secrets) == made_before
    assert vault.make().returncode == 0
    assert set(vault.secrets) == set(listed())
    assert_all_agree(vault.secrets)


def test_kubeflow_that_comes_later_gets_the_keys_in_use(vault: Vault) -> None:
    assert vault.make(MISSING="kubeflow").returncode == 0
    assert {namespace for namespace, _ in vault.secrets} == {"tenure", "tenure-platform"}
    assert vault.make().returncode == 0
    assert_all_agree(vault.secrets)


def test_without_the_namespaces_nothing_is_made(vault: Vault) -> None:
    result = vault.make(MISSING="tenure")
    assert result.returncode == 1
    assert "error: there is no namespace tenure" in result.stderr
    assert not vault.secrets


def test_a_webhook_that_is_given_later_reaches_the_secret_and_no_command_line(vault: Vault) -> None:
    assert vault.make().returncode == 0
    assert vault.secrets["kubeflow", "tenure-alerts"] == {"webhook": ""}
    for webhook in ("https://chat.example.com/hook/a-long-secret", "https://chat.example.com/another"):
        result = vault.make(ALERT_WEBHOOK=webhook)
        assert result.returncode == 0, result.stderr
        assert vault.secrets["kubeflow", "tenure-alerts"] == {"webhook": webhook}
        assert not [call for call in vault.calls if webhook in call]
        assert webhook not in result.stdout
    # One that is not given is not forgotten.
    assert vault.make().returncode == 0
    assert vault.secrets["kubeflow", "tenure-alerts"] == {"webhook": webhook}
    refused = vault.make(ALERT_WEBHOOK='ftp://"x')
    assert refused.returncode == 1
    assert "error: ALERT_WEBHOOK is not a URL" in refused.stderr


def test_a_password_that_cannot_be_read_is_not_made_up(vault: Vault) -> None:
    """Else the next Secret would hold another one than the database."""
    assert vault.make(REFUSE_SECRET="5").returncode == 1
    assert ("tenure-platform", "tenure-postgres") not in vault.secrets
    (vault.folder / "tenure-platform.tenure-postgres").mkdir()
    result = vault.make()
    assert result.returncode == 1
    assert "error: secret tenure-platform/tenure-postgres could not be read" in result.stderr
    assert ("tenure-platform", "tenure-mlflow-database") not in vault.secrets


def test_the_trust_root_is_the_public_half_of_the_key_that_signs(vault: Vault) -> None:
    assert vault.make().returncode == 0
    made = vault.secrets
    pem = made["kubeflow", "tenure-signing-key"]["private-key"]
    key = SigningKey.from_pem(pem.encode(), "tenure-signing-key")
    (trusted,) = parse_keys(made["tenure", "tenure-trust"]["keys.pem"], "tenure-trust")
    assert trusted.key_id == key.key_id
    assert made["tenure-platform", "tenure-signing-key"] == made["kubeflow", "tenure-signing-key"]
    body = pem.splitlines()[1]
    assert not [call for call in vault.calls if body in call]
