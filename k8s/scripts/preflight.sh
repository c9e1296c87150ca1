#!/usr/bin/env bash
# Check what `make kind-up` needs before anything is started.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../versions.env
source "$k8s/versions.env"

memory_gib=${KIND_MEMORY_GIB:-12}
disk_gib=${KIND_DISK_GIB:-25}
inotify=${KIND_INOTIFY_INSTANCES:-256}

# need_version PROGRAM MINIMUM ITS_VERSION
need_version() {
    [[ $(printf '%s\n' "$2" "$3" | sort -V | head -n 1) == "$2" ]] || fail "$1 is ${3:-of an unknown version}" "install $1 $2 or newer"
}

need git "install git: kubectl fetches Kubeflow's manifests with it"
need kubectl "install kubectl, 1.31 or newer"
need_version kubectl 1.31 "$(kubectl version --client 2>/dev/null | sed -n 's/^Client Version: v//p')"
need kind "install kind, 0.31 or newer"
need_version kind 0.31 "$(kind version 2>/dev/null | sed -n 's/^kind v\([^ ]*\).*/\1/p')"
need helm "install Helm, 3.14 or newer"
need_version helm 3.14 "$(helm version --template '{{.Version}}' 2>/dev/null | sed 's/^v//')"
engine=${KIND_EXPERIMENTAL_PROVIDER:-docker}
need "$engine" "install Docker, or podman with KIND_EXPERIMENTAL_PROVIDER=podman"
"$engine" info >/dev/null 2>&1 || fail "$engine does not answer" "start it, and check that you may use it: $engine info"
# From 1.35 on the kubelet refuses to start on the first version of cgroups.
if [[ $engine == docker && $(docker info --format '{{.CgroupVersion}}' 2>/dev/null) == 1 ]]; then
    fail "this machine has cgroup v1, on which the kubelet of ${KIND_NODE_IMAGE%@*} does not start" "boot with systemd.unified_cgroup_hierarchy=1"
fi
# Memory and disk are not checked when the cluster exists: it uses them itself.
if kind get clusters 2>/dev/null | grep -qx tenure; then
    say "$engine, kind, kubectl, helm: ready"
    exit 0
fi

if [[ -r /proc/meminfo ]]; then
    have_gib=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
elif [[ $engine == docker ]]; then
    have_gib=$(($(docker info --format '{{.MemTotal}}') / 1073741824))
else
    have_gib=$memory_gib
fi
((have_gib >= memory_gib)) || fail "$have_gib GiB of memory are free; KServe, Kubeflow Pipelines and Tenure need about $memory_gib GiB" \
    "free some, give the container engine's machine more, or try with KIND_MEMORY_GIB=$have_gib"

free_gib=$(df -Pk "$root" | awk 'NR == 2 {print int($4 / 1048576)}')
((free_gib >= disk_gib)) || fail "$free_gib GiB of disk are free; the images take about $disk_gib GiB" "free some, or try with KIND_DISK_GIB=$free_gib"

# Three nodes run many programs that watch files; with the usual defaults of 128 some fail with 'too many open files'.
have=$(cat /proc/sys/fs/inotify/max_user_instances 2>/dev/null || echo "$inotify")
((have >= inotify)) || fail "fs.inotify.max_user_instances is $have; three nodes need $inotify or more" \
    "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288, or try with KIND_INOTIFY_INSTANCES=$have"
say "$engine, kind, kubectl, helm, $have_gib GiB of memory and $free_gib GiB of disk: ready"
