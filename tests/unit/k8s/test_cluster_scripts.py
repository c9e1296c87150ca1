"""The scripts behind the cluster's targets, against a kubectl that answers from a script instead of a cluster."""

from __future__ import annotations

import os
import re
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from manifests import K8S, MODEL_URI, ROOT, TAG, run, walk

FAKE = r"""#!/bin/bash
[[ $1 != kustomize ]] || exec "$REAL_KUBECTL" "$@"
line="$*"
echo "$line" >>"$FAKE_FOLDER/calls"
if [[ $line =~ apply.*\ --filename\ ([^ ]+) ]]; then
    number=$(find "$FAKE_FOLDER" -name 'applied-*' | wc -l)
    cp "${BASH_REMATCH[1]}" "$FAKE_FOLDER/applied-$number.yaml"
fi
while IFS=$'\x1f' read -r pattern status output; do
    [[ $line =~ $pattern ]] || continue
    if [[ $status == 0 ]]; then printf '%b\n' "$output"; else printf '%b\n' "$output" >&2; fi
    exit "$status"
done <"$FAKE_FOLDER/answers"
"""

DIGEST = f"sha256:{'d' * 64}"
SKOPEO = rf"""#!/bin/bash
[[ "$*" != *"${{UNKNOWN_IMAGE:-no image}}"* ]] || {{ echo "manifest unknown" >&2; exit 1; }}
echo {DIGEST}
"""

CANARY_TYPE = (r"get customresourcedefinition inferenceservices.*canary", 0, "array")


@dataclass
class Cluster:
    """What the fake kubectl answers (first pattern that matches; nothing and success otherwise), and was asked."""

    folder: Path
    environment: dict[str, str]
    answers: list[tuple[str, int, str]] = field(default_factory=lambda: [CANARY_TYPE])

    def run(self, script: str, *arguments: str, **environment: str):
        lines = [
            "\x1f".join((pattern, str(status), output)).replace("\n", "\\n") for pattern, status, output in self.answers
        ]
        (self.folder / "answers").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        script_path = str(K8S / "scripts" / script)
        return run("bash", script_path, *arguments, environment={**self.environment, **environment})

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def applied(self) -> list[list[dict]]:
        files = sorted(self.folder.glob("applied-*.yaml"))
        return [list(yaml.safe_load_all(file.read_text(encoding="utf-8"))) for file in files]


@pytest.fixture
def cluster(kubectl: str, tmp_path: Path) -> Cluster:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    for file, text in ((program, FAKE), (program.with_name("skopeo"), SKOPEO)):
        file.write_text(text, encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "REAL_KUBECTL": kubectl,
        "FAKE_FOLDER": str(tmp_path),
        "IMAGE_TAG": TAG,
        "IMAGE_PREFIX": "registry.example.com/team",
        "OVERLAY": "production",
    }
    return Cluster(tmp_path, environment)


def message(result) -> list[str]:
    """The error and what to do, without the diagnosis above them."""
    assert result.returncode == 1, result.stdout + result.stderr
    lines = result.stderr.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("error: "))
    assert len(lines[start:]) <= 2, lines
    return lines[start:]


def test_no_cluster_is_one_line_and_what_to_do(cluster: Cluster) -> None:
    cluster.answers = [("^version", 1, "The connection to the server localhost:8080 was refused")]
    error, advice = message(cluster.run("deploy.sh"))
    assert "no cluster answers" in error
    assert "refused" in error
    assert "make kind-up" in advice
    assert not cluster.applied


@pytest.mark.parametrize(
    ("crd", "command"),
    [
        ("inferenceservices.serving.kserve.io", "helm install kserve-crd"),
        ("httproutes.gateway.networking.k8s.io", "kubectl apply -f"),
    ],
)
def test_a_missing_crd_is_named_with_the_command_that_installs_it(cluster: Cluster, crd: str, command: str) -> None:
    cluster.answers = [(f"get customresourcedefinition {crd}", 1, "NotFound"), CANARY_TYPE]
    error, advice = message(cluster.run("deploy.sh"))
    assert crd in error
    assert command in advice
    assert not cluster.applied


def test_a_kserve_without_canaries_is_refused(cluster: Cluster) -> None:
    cluster.answers = []
    error, _ = message(cluster.run("deploy.sh"))
    assert "no spec.canary" in error


def test_a_storage_initializer_that_restricted_namespaces_refuse_is_named(cluster: Cluster) -> None:
    cluster.answers.append(("get clusterstoragecontainer default", 0, "default="))
    error, advice = message(cluster.run("deploy.sh"))
    assert "storage initializer" in error
    assert '"allowPrivilegeEscalation":false' in advice
    assert not cluster.applied


def test_a_forbidden_verb_is_named_before_anything_is_applied(cluster: Cluster) -> None:
    cluster.answers.append(("auth can-i patch", 1, "no"))
    error, _ = message(cluster.run("deploy.sh"))
    assert "you may not patch InferenceServices in namespace tenure" in error
    assert not cluster.applied


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("conflict with 'tenure-rollout': .spec.predictor.minReplicas", "somebody else changed fields"),
        ("forbidden: exceeded quota: team, requested: limits.cpu=2", "a quota of the namespace is used up"),
        ('roles.rbac.authorization.k8s.io is forbidden: User "a" cannot create', "you may not make it"),
    ],
)
def test_what_the_cluster_refuses_is_explained(cluster: Cluster, said: str, expected: str) -> None:
    cluster.answers.append(("^apply .*--filename", 1, f"Apply failed: {said}"))
    result = cluster.run("deploy.sh")
    assert any(expected in line for line in message(result))
    assert said in result.stderr


def test_what_is_served_is_served_on(cluster: Cluster) -> None:
    promoted = "s3://tenure-models/promoted-since"
    cluster.answers.append(("get inferenceservice churn.*storageUri", 0, promoted))
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    service = next(document for document in cluster.applied[-1] if document["kind"] == "InferenceService")
    assert service["spec"]["predictor"]["model"]["storageUri"] == promoted
    assert not [call for call in cluster.calls if "--force-conflicts" in call]
    error, advice = message(cluster.run("deploy.sh", MODEL_URI="s3://tenure-models/other"))
    assert promoted in error
    assert "tenure rollout start" in advice


def test_production_runs_images_by_digest_alone(cluster: Cluster) -> None:
    cluster.answers.append(("exec --stdin deployment/mlflow", 0, MODEL_URI))
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    images = {value for document in cluster.applied[-1] for path, value in walk(document) if path.endswith(".image")}
    assert len(images) == 4
    for image in images:
        assert re.fullmatch(r"[^@:]+@sha256:[0-9a-f]{64}", image), image
    assert f"registry.example.com/team/tenure-server@{DIGEST}" in images


def test_an_image_that_its_registry_does_not_have_is_not_deployed(cluster: Cluster) -> None:
    error, advice = message(cluster.run("deploy.sh", UNKNOWN_IMAGE="ghcr.io/mlflow"))
    assert "image ghcr.io/mlflow/mlflow:" in error and "cannot be pinned" in error
    assert "push it first" in advice
    assert not cluster.applied


def test_a_rollout_under_way_is_not_disturbed(cluster: Cluster) -> None:
    cluster.answers.append((r"get inferenceservice churn .*canary\[\*\]", 0, "v4"))
    error, _ = message(cluster.run("deploy.sh"))
    assert "a rollout of churn is under way" in error
    assert not cluster.applied


def test_without_a_model_everything_else_stands(cluster: Cluster) -> None:
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    assert "no model is registered yet" in result.stdout
    (documents,) = cluster.applied
    kinds = {document["kind"] for document in documents}
    assert "InferenceService" not in kinds
    assert {"ServingRuntime", "Deployment", "NetworkPolicy"} <= kinds
    # The controller would end without a service to look after.
    assert "tenure-rollout" not in {item["metadata"]["name"] for item in documents if item["kind"] == "Deployment"}
    assert any("rollout status deployment/mlflow" in call for call in cluster.calls)


def test_the_champion_is_what_a_new_service_starts_with(cluster: Cluster) -> None:
    cluster.answers.append(("exec --stdin deployment/mlflow", 0, MODEL_URI))
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    service = next(document for document in cluster.applied[-1] if document["kind"] == "InferenceService")
    assert service["spec"]["predictor"]["model"]["storageUri"] == MODEL_URI


@pytest.mark.parametrize(("predictor", "deployment"), [("", "churn-predictor"), ("v4", "churn-v4-predictor")])
def test_it_waits_for_the_pods_of_the_version_that_serves(cluster: Cluster, predictor: str, deployment: str) -> None:
    cluster.answers += [
        ("exec --stdin deployment/mlflow", 0, MODEL_URI),
        (r"get inferenceservice churn .*spec\.predictor\.name", 0, predictor),
    ]
    assert cluster.run("deploy.sh").returncode == 0
    assert any(f"rollout status deployment/{deployment} " in call for call in cluster.calls)


def test_autoscalers_that_promotions_left_behind_are_removed(cluster: Cluster) -> None:
    cluster.answers += [
        ("exec --stdin deployment/mlflow", 0, MODEL_URI),
        ("get horizontalpodautoscaler", 0, "churn-predictor=churn-predictor\nchurn-v7-predictor=churn-v7-predictor"),
        ("get deployment churn-v7-predictor", 0, "deployment.apps/churn-v7-predictor"),
    ]
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    removed = [call for call in cluster.calls if "delete horizontalpodautoscaler" in call]
    assert removed == ["--namespace tenure delete horizontalpodautoscaler churn-predictor --ignore-not-found"]
    assert "removed the autoscaler churn-predictor" in result.stdout


def test_a_service_that_does_not_get_ready_says_where_to_look(cluster: Cluster) -> None:
    cluster.answers += [
        ("exec --stdin deployment/mlflow", 0, MODEL_URI),
        ("wait --for=jsonpath=.*Ready", 1, "timed out"),
        ("get inferenceservice churn --output", 0, "PredictorReady: ModelLoadFailed no such bundle"),
    ]
    result = cluster.run("deploy.sh")
    error, advice = message(result)
    assert "not ready after 600 s" in error
    assert MODEL_URI in advice
    assert "ModelLoadFailed no such bundle" in result.stderr


def test_another_gateway_than_envoy_gets_no_envoy_policy(cluster: Cluster) -> None:
    cluster.answers.insert(0, ("get customresourcedefinition backendtrafficpolicies", 1, "NotFound"))
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    assert not [document for document in cluster.applied[-1] if document["kind"] == "BackendTrafficPolicy"]


@pytest.mark.parametrize(("served", "closed"), [('{"name":"mutatingadmissionpolicies"}', True), ("{}", False)])
def test_steps_are_closed_where_the_cluster_can(cluster: Cluster, served: str, closed: bool) -> None:
    cluster.answers.append(("get --raw /apis/admissionregistration", 0, served))
    result = cluster.run("deploy.sh")
    assert result.returncode == 0, result.stderr
    policies = {d["metadata"]["name"] for d in cluster.applied[-1] if "AdmissionPolicy" in d["kind"]}
    assert ("tenure-close-step-pods" in policies) == ("tenure-require-closed-step-pods" in policies) == closed
    assert "rolloutrequests.tenure.dev" in policies  # of the rollout; it needs nothing new
    assert ("keep a writable root" in result.stdout) == (not closed)


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["nowhere"], {}, "no overlay 'nowhere'"),
        (["kind", "not a uri"], {}, "is not a storage URI"),
        (["kind", "s3://a/b\n      - op: remove"], {}, "is not a storage URI"),
        (["kind"], {"IMAGE_TAG": "latest"}, "a tag that moves"),
        (["kind"], {"IMAGE_TAG": "a b"}, "is not an image tag"),
    ],
)
def test_render_refuses_what_cannot_be_right(
    kubectl: str, arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    result = run("bash", str(K8S / "scripts/render.sh"), *arguments, environment={"IMAGE_TAG": TAG, **environment})
    assert expected in message(result)[0]
    assert not result.stdout


def test_each_image_is_deployed_with_its_own_tag(kubectl: str) -> None:
    environment = {"IMAGE_TAG": "", "IMAGE_PREFIX": "registry.example.com:5000/team"}
    result = run("bash", str(K8S / "scripts/render.sh"), "kind", MODEL_URI, environment=environment)
    assert result.returncode == 0, result.stderr
    found = set(re.findall(r"registry\.example\.com:5000/team/tenure-\S+", result.stdout))
    tags = {role: run("bash", str(ROOT / "images/tag.sh"), role).stdout.strip() for role in ("server", "rollout")}
    assert found == {f"registry.example.com:5000/team/tenure-{role}:{tag}" for role, tag in tags.items()}


@dataclass
class Repository:
    """A git repository with the images' files and one file in each folder that goes into an image."""

    root: Path

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        result = run("git", "-C", str(self.root), *identity, *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def commit(self) -> str:
        """The revision of a new commit, 12 digits."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "change")
        return self.git("rev-parse", "--short=12", "HEAD")

    def tag(self, role: str) -> str:
        result = run("bash", str(self.root / "images/tag.sh"), role)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def tags(self) -> dict[str, str]:
        return {role: self.tag(role) for role in ("server", "pipeline", "rollout")}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path / "repository")
    shutil.copytree(ROOT / "images", found.root / "images")
    for folder in ("tenure", "components", "pipelines", "serving", "rollout"):
        found.write(f"{folder}/code.py", "one = 1\n")
    for role in ("serving", "pipeline", "rollout", "dev"):
        found.write(f"requirements/{role}.txt", "a==1\n")
    found.git("init", "--quiet")
    return found


def test_the_tag_follows_the_content(repository: Repository) -> None:
    revision = repository.commit()
    assert set(repository.tags().values()) == {revision}
    repository.write("README.md", "not in any image\n")
    repository.write("requirements/dev.txt", "a==2\n")
    assert set(repository.tags().values()) == {revision}
    repository.commit()
    assert set(repository.tags().values()) == {revision}
    repository.write("tenure/code.py", "one = 2\n")
    changed = repository.tag("server")
    assert re.fullmatch(rf"{revision}-[0-9a-f]{{8}}", changed)
    assert repository.tag("server") == changed
    repository.write("tenure/new.py", "")
    assert repository.tag("server") not in (revision, changed)
    repository.write("tenure/code.py", "one = 1\n")
    (repository.root / "tenure/new.py").unlink()
    assert repository.tag("server") == revision


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("rollout/code.py", {"rollout"}),
        ("requirements/rollout.txt", {"rollout"}),
        ("serving/code.py", {"server", "pipeline"}),
        ("components/code.py", {"pipeline"}),
        ("pipelines/code.py", {"pipeline"}),
        ("images/pipeline/omit.txt", {"pipeline"}),
        ("requirements/serving.txt", {"server", "pipeline"}),
        ("tenure/code.py", {"server", "pipeline", "rollout"}),
        ("images/versions.env", {"server", "pipeline", "rollout"}),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_a_change_gives_only_the_images_that_contain_it_another_tag(
    repository: Repository, path: str, roles: set[str], committed: bool
) -> None:
    repository.commit()
    before = repository.tags()
    repository.write(path, "changed\n")
    revision = repository.commit() if committed else ""
    after = repository.tags()
    assert {role for role in after if after[role] != before[role]} == roles
    assert {after[role] for role in roles} == {revision} or not committed


def test_an_unknown_image_has_no_tag(repository: Repository) -> None:
    repository.commit()
    result = run("bash", str(repository.root / "images/tag.sh"), "web")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no image 'web'" in result.stderr


def test_the_scripts_are_sound(kubectl: str) -> None:
    scripts = [*(K8S / "scripts").glob("*.sh"), *(ROOT / "images").glob("*.sh")]
    assert len(scripts) >= 12
    for script in scripts:
        result = run("bash" if script.name != "install.sh" else "sh", "-n", str(script))
        assert result.returncode == 0, result.stderr
        head = script.read_text(encoding="utf-8")
        if script.name not in ("lib.sh", "install.sh"):
            assert "\nset -euo pipefail\n" in head, script
            assert script.stat().st_mode & stat.S_IXUSR, script


def test_the_controller_s_arguments_are_those_of_the_rollout() -> None:
    from rollout.cli import parser

    deployment = yaml.safe_load((K8S / "base/rollout/deployment.yaml").read_text(encoding="utf-8"))
    options = parser().parse_args(deployment["spec"]["template"]["spec"]["containers"][0]["args"])
    assert (options.command, options.service, options.namespace) == ("run", "churn", "tenure")


def test_the_runtime_s_arguments_are_those_of_the_server() -> None:
    from serving.lifecycle.arguments import parse

    runtime = yaml.safe_load((K8S / "base/serving/serving-runtime.yaml").read_text(encoding="utf-8"))
    container = runtime["spec"]["containers"][0]
    given = parse([argument.replace("{{.Name}}", "churn") for argument in container["args"]])
    assert given.models == {"churn": Path("/mnt/models")}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert (given.http_port, given.grpc_port) == (ports["http"], ports["h2c"])
    service = yaml.safe_load((K8S / "base/serving/inference-service.yaml").read_text(encoding="utf-8"))
    assert given.drain_s + given.grace_s < service["spec"]["predictor"]["terminationGracePeriodSeconds"]
