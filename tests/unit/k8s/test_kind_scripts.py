"""The scripts behind `make kind-*` and `make e2e`, with programs that write down what they were asked."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from manifests import K8S, ROOT, TAG, run

FAKE = r"""#!/bin/bash
line="${0##*/} $*"
echo "$line" >>"$FAKE_FOLDER/calls"
[[ " $* " != *" --filename - "* ]] || cat >>"$FAKE_FOLDER/applied"
while IFS='|' read -r pattern status output; do
    [[ $line =~ $pattern ]] || continue
    if [[ $status == 0 ]]; then printf '%b\n' "$output"; else printf '%b\n' "$output" >&2; fi
    [[ $status != hangs ]] || exec sleep 30
    exit "$status"
done <"$FAKE_FOLDER/answers"
"""
WELL = [
    ("^kubectl version --client", 0, "Client Version: v1.35.0"),
    ("^kind version", 0, "kind v0.33.0 go1.25.1 linux/amd64"),
    ("^helm version", 0, "v3.19.0"),
    ("^docker info --format", 0, "2"),
    ("^kubectl get nodes", 0, "node/tenure-control-plane\\nnode/tenure-worker\\nnode/tenure-worker2"),
    ("^kubectl create --dry-run", 0, '{"args": ["--kubelet-use-node-status-port", "--metric-resolution=15s"]}'),
    ("get endpoints kserve-webhook", 0, "10.244.0.9"),
    ("^kubectl config current-context", 0, "kind-tenure"),
]
EVERYWHERE = (
    *(
        "awk",
        "base64",
        "bash",
        "cat",
        "cut",
        "df",
        "dirname",
        "env",
        "git",
        "grep",
        "head",
        "mkdir",
        "mktemp",
        "od",
        "rm",
        "sed",
    ),
    *("seq", "sh", "sha256sum", "sleep", "sort", "tail", "tar", "tr", "wc", "xargs"),
)
EXISTS = ("^kind get clusters", 0, "other\\ntenure")
ROOM = {"KIND_MEMORY_GIB": "0", "KIND_DISK_GIB": "0", "KIND_INOTIFY_INSTANCES": "0"}


def versions() -> dict[str, str]:
    lines = (K8S / "versions.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass
class Machine:
    folder: Path
    environment: dict[str, str]
    answers: list[tuple[str, int | str, str]] = field(default_factory=lambda: list(WELL))

    def prepare(self, **environment: str) -> dict[str, str]:
        lines = [f"{pattern}|{status}|{output}\n" for pattern, status, output in self.answers]
        (self.folder / "answers").write_text("".join(lines), encoding="utf-8")
        return {**self.environment, **environment}

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run("bash", str(K8S / "scripts" / script), environment=self.prepare(**environment))

    def without(self, program: str) -> None:
        (self.folder.parent / "bin" / program).unlink()

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def calls_of(self, pattern: str) -> list[str]:
        return [call for call in self.calls if re.search(pattern, call)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in list(os.environ):
        if name.startswith(("KIND_", "TENURE_", "AWS_", "IMAGE_", "ENGINE", "KUBECONFIG", "DOCKER_", "BASE_IMAGE")):
            monkeypatch.delenv(name)
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    log.mkdir()
    # Nothing else of this machine than what every machine has, lest a real cluster be asked.
    for program in EVERYWHERE:
        (programs / program).symlink_to(str(shutil.which(program)))
    for program in ("kubectl", "kind", "helm", "docker", "pytest"):
        (programs / program).write_text(FAKE, encoding="utf-8")
        (programs / program).chmod(stat.S_IRWXU)
    environment = {"PATH": str(programs), "FAKE_FOLDER": str(log), "BIN": str(programs), "TMPDIR": str(tmp_path)}
    return Machine(log, {**environment, "IMAGE_TAG": TAG, **ROOM})


def error(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what is wrong, with what to do after it."""
    assert result.returncode == 1, result.stdout + result.stderr
    lines = result.stderr.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    assert len(lines[start:]) <= 2, lines
    return "\n".join(lines[start:])


def test_a_cluster_from_nothing_has_everything_in_its_pinned_version(machine: Machine) -> None:
    result = machine.run("kind-up.sh")
    assert result.returncode == 0, result.stderr
    pinned = versions()
    order = [
        f"^kind create cluster .*--image {pinned['KIND_NODE_IMAGE']}",
        "^kind export kubeconfig --name tenure",
        f"^kubectl create .*metrics-server/releases/download/{pinned['METRICS_SERVER_VERSION']}/",
        f"^kubectl apply .*cert-manager/releases/download/{pinned['CERT_MANAGER_VERSION']}/",
        "^kubectl .*rollout status deployment/cert-manager-webhook",
        f"^kubectl apply .*gateway-api/releases/download/{pinned['GATEWAY_API_VERSION']}/standard-install.yaml",
        f"^helm template .*gateway-crds-helm --version {pinned['ENVOY_GATEWAY_VERSION']} ",
        f"^helm upgrade .*envoyproxy/gateway-helm --version {pinned['ENVOY_GATEWAY_VERSION']} .*--skip-crds",
        f"^helm upgrade --install kserve-crd .*--version {pinned['KSERVE_VERSION']} ",
        f"^helm upgrade --install kserve-resources .*--version {pinned['KSERVE_VERSION']} .*deploymentMode=Standard",
        "^kubectl .*rollout status deployment/kserve-controller-manager",
        f"^helm upgrade --install kserve-runtime-configs .*--version {pinned['KSERVE_VERSION']} ",
        "^kubectl apply .*--kustomize .*platform/gateway$",
        "^kubectl .*wait --for=condition=Programmed gateway/kserve-ingress-gateway",
        rf"^kubectl apply .*cluster-scoped-resources\?ref={pinned['KFP_VERSION']}",
        rf"^kubectl apply .*env/platform-agnostic\?ref={pinned['KFP_VERSION']}",
        "^kubectl .*patch deployment ml-pipeline ",
        "^kubectl .*rollout status deployment/ml-pipeline ",
    ]
    calls = iter(machine.calls)
    for wanted in order:
        assert any(re.search(wanted, call) for call in calls), f"not called, or too early: {wanted}"
    assert '"--kubelet-use-node-status-port", "--kubelet-insecure-tls"' in (machine.folder / "applied").read_text()
    assert not machine.calls_of("kind delete")


def test_the_gateway_s_port_is_the_one_that_kind_maps(machine: Machine) -> None:
    config = yaml.safe_load((ROOT / "kind-config.yaml").read_text(encoding="utf-8"))
    (mapping,) = config["nodes"][0]["extraPortMappings"]
    proxy = yaml.safe_load((K8S / "platform/gateway/envoy-proxy.yaml").read_text(encoding="utf-8"))
    service = proxy["spec"]["provider"]["kubernetes"]["envoyService"]
    (port,) = service["patch"]["value"]["spec"]["ports"]
    assert port["nodePort"] == mapping["containerPort"]
    assert f"http://localhost:{mapping['hostPort']}" in machine.run("kind-up.sh").stdout


def test_a_cluster_that_is_there_is_kept_and_what_it_takes_is_not_counted(machine: Machine) -> None:
    machine.answers.insert(0, EXISTS)
    result = machine.run("kind-up.sh", KIND_MEMORY_GIB="1000000", KIND_DISK_GIB="1000000")
    assert result.returncode == 0, result.stderr
    assert not machine.calls_of("kind (create|delete)")
    assert machine.calls_of("helm upgrade --install kserve-resources")


def test_a_cluster_that_kind_cannot_make_leaves_nothing_behind(machine: Machine) -> None:
    machine.answers.insert(0, ("^kind create", 1, "port is already allocated"))
    result = machine.run("kind-up.sh")
    assert "kind could not create the cluster" in error(result)
    assert "port is already allocated" in result.stderr
    assert machine.calls_of("^kind delete cluster --name tenure$")
    assert not machine.calls_of("helm upgrade")


def test_an_interruption_while_kind_works_leaves_no_half_cluster(machine: Machine) -> None:
    machine.answers.insert(0, ("^kind create", "hangs", ""))
    environment = {**os.environ, **machine.prepare()}
    command = ["bash", str(K8S / "scripts/kind-up.sh")]
    with subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:  # fmt: skip
        deadline = time.monotonic() + 30
        while not machine.calls_of("^kind create"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert process.wait(30) != 0
    assert machine.calls_of("^kind delete cluster --name tenure$")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("^kubectl get nodes", 0, "node/tenure-control-plane"), "does not have its 3 nodes"),
        (("^kubectl wait .*nodes --all", 1, "timed out"), "not all nodes of cluster tenure are ready"),
        (("^kind export", 1, ""), "kind has no kubeconfig for tenure"),
    ],
)
def test_half_a_cluster_is_found(machine: Machine, answer: tuple[str, int, str], said: str) -> None:
    machine.answers[:0] = [answer, EXISTS]
    message = error(machine.run("kind-up.sh"))
    assert said in message
    assert "make kind-down kind-up" in message
    assert not machine.calls_of("helm upgrade|kubectl apply")


@pytest.mark.parametrize("program", ["git", "kubectl", "kind", "helm", "docker"])
def test_a_program_that_is_missing_is_named(machine: Machine, program: str) -> None:
    machine.without(program)
    message = error(machine.run("preflight.sh"))
    assert f"error: {program} is not installed" in message
    assert "install" in message.splitlines()[1]


@pytest.mark.parametrize(
    ("answer", "environment", "said"),
    [
        (("^kubectl version", 0, "Client Version: v1.30.9"), {}, "kubectl is 1.30.9"),
        (("^kind version", 0, "kind v0.9.0 go1.15"), {}, "kind is 0.9.0"),
        (("^helm version", 0, "v3.9.4"), {}, "helm is 3.9.4"),
        (("^helm version", 1, ""), {}, "helm is of an unknown version"),
        (("^docker info", 1, "permission denied"), {}, "docker does not answer"),
        (("^docker info --format", 0, "1"), {}, "cgroup v1"),
        (("^$", 0, ""), {"KIND_MEMORY_GIB": "1000000"}, "GiB of memory are free"),
        (("^$", 0, ""), {"KIND_DISK_GIB": "1000000"}, "GiB of disk are free"),
        (("^$", 0, ""), {"KIND_INOTIFY_INSTANCES": "2147483647"}, "fs.inotify.max_user_instances is"),
    ],
)
def test_what_is_not_enough_is_said_before_anything_starts(
    machine: Machine, answer: tuple[str, int, str], environment: dict[str, str], said: str
) -> None:
    machine.answers.insert(0, answer)
    assert said in error(machine.run("kind-up.sh", **environment))
    assert not machine.calls_of("kind create|helm upgrade|kubectl apply")


def test_a_release_that_an_interruption_locked_is_installed_all_the_same(machine: Machine) -> None:
    locked = "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"
    machine.answers.insert(0, ("^helm upgrade --install kserve-crd", 1, locked))
    message = error(machine.run("platform.sh"))
    # Tried, given back, tried again; this one stays locked.
    tried = machine.calls_of("^helm (upgrade --install|rollback) kserve-crd")
    assert [call.split()[1] for call in tried] == ["upgrade", "rollback", "upgrade"]
    assert "Helm could not install kserve-crd" in message
    assert not machine.calls_of("helm uninstall")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (("^kubectl apply .*cert-manager", 1, "no such host"), "kubectl apply"),
        (("^kubectl create --dry-run", 1, "no such host"), "metrics-server's manifests could not be fetched"),
        (("^kubectl create --dry-run", 0, "{}"), "has other arguments than this script expects"),
        (("^helm template", 1, "no such host"), "Helm cannot fetch Envoy Gateway's chart"),
        (("^kubectl .*rollout status deployment/envoy-gateway", 1, ""), "deployment/envoy-gateway in"),
        (("^kubectl .*condition=Programmed", 1, ""), "the gateway is not programmed"),
        (("^kubectl .*patch deployment ml-pipeline", 1, ""), "configuration could not be mounted"),
    ],
)
def test_what_cannot_be_installed_is_one_line(machine: Machine, answer: tuple[str, int, str], said: str) -> None:
    machine.answers.insert(0, answer)
    assert said in error(machine.run("platform.sh"))


def test_images_that_are_there_are_loaded_and_not_built_again(machine: Machine) -> None:
    machine.answers.insert(0, EXISTS)
    result = machine.run("kind-load.sh")
    assert result.returncode == 0, result.stderr
    assert not machine.calls_of("docker build")
    saved = machine.calls_of("^docker save")
    assert [call.split()[-1] for call in saved] == [
        f"localhost/tenure-{role}:{TAG}" for role in ("server", "pipeline", "rollout")
    ]
    loaded = [call.split()[3] for call in machine.calls_of("^kind load image-archive .* --name tenure$")]
    assert loaded == [call.split()[3] for call in saved]
    assert not any(Path(archive).exists() for archive in loaded)


def test_an_image_that_is_missing_is_built_without_attestations(machine: Machine) -> None:
    """kind's containerd does not import an image that has them: it finds no platform that they are for."""
    machine.answers[:0] = [EXISTS, ("^docker inspect .*tenure-rollout", 1, "no such object")]
    docker = machine.folder.parent / "bin" / "docker"
    told = 'echo "$BUILDX_NO_DEFAULT_ATTESTATIONS" >>"$FAKE_FOLDER/told"'
    docker.write_text(FAKE.replace("line=", f"{told}\nline=", 1), encoding="utf-8")
    result = machine.run("kind-load.sh")
    assert result.returncode == 0, result.stderr
    (built,) = machine.calls_of("docker build")
    assert f"--tag localhost/tenure-rollout:{TAG}" in built
    assert (machine.folder / "told").read_text(encoding="utf-8").split() == ["1"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "there is no kind cluster named tenure"),
        ([EXISTS, ("^docker info", 1, "")], "no container engine works"),
        ([EXISTS, ("^docker save", 1, "")], "docker could not save localhost/tenure-server"),
        ([EXISTS, ("^kind load", 1, "")], "kind could not load localhost/tenure-server"),
        ([EXISTS, ("^docker inspect", 1, ""), ("^docker build", 1, "")], "did not build"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(machine: Machine, answers: list[tuple[str, int, str]], said: str) -> None:
    machine.answers[:0] = answers
    result = machine.run("kind-load.sh")
    assert result.returncode == 1
    assert said in result.stderr
    assert not machine.calls_of("kind load .*tenure-pipeline")


def test_down_deletes_the_cluster_and_is_content_without_one(machine: Machine) -> None:
    assert "there is no kind cluster" in machine.run("kind-down.sh").stdout
    assert not machine.calls_of("kind delete")
    machine.answers.insert(0, EXISTS)
    assert machine.run("kind-down.sh").returncode == 0
    assert machine.calls_of("^kind delete cluster --name tenure$")


def test_the_end_to_end_tests_of_another_cluster_need_to_be_told(machine: Machine) -> None:
    machine.answers.insert(0, ("^kubectl config current-context", 0, "production"))
    message = error(machine.run("e2e.sh"))
    assert "TENURE_E2E_GATEWAY is not set, and context production" in message
    assert "tests/e2e/README.md" in message
    assert not machine.calls_of("^pytest")


def test_what_the_environment_says_is_enough_for_the_end_to_end_tests(machine: Machine) -> None:
    assert machine.run("e2e.sh", TENURE_E2E_GATEWAY="https://churn.example.com").returncode == 0
    assert machine.calls == ["pytest -m e2e tests/e2e -v"]
