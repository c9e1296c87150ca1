#!/usr/bin/env bash
# What `make kind-up` needs, checked before anything is started.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

memory_gib=${KIND_MEMORY_GIB:-12}
disk_gib=${KIND_DISK_GIB:-25}

need kubectl "install kubectl, 1.31 or newer"
need kind "install kind, 0.31 or newer"
need helm "install Helm, 3.14 or newer"
engine=${KIND_EXPERIMENTAL_PROVIDER:-docker}
need "$engine" "install Docker, or podman with KIND_EXPERIMENTAL_PROVIDER=podman"
"$engine" info >/dev/null 2>&1 || fail "$engine does not answer" "start it, and check that you may use it: $engine info"

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
if [[ -r /proc/sys/fs/inotify/max_user_instances ]] && (($(</proc/sys/fs/inotify/max_user_instances) < 256)); then
    fail "fs.inotify.max_user_instances is $(</proc/sys/fs/inotify/max_user_instances); three nodes need 256 or more" \
        "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288"
fi
say "$engine, kind, kubectl, helm, $have_gib GiB of memory and $free_gib GiB of disk: ready"
