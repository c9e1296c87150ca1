#!/usr/bin/env bash
# Build the images that do not exist yet, and load them onto the kind cluster's nodes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need kind
kind get clusters 2>/dev/null | grep -qx tenure || fail "there is no kind cluster named tenure" "start it: make kind-up"

engine=${ENGINE:-}
if [[ -z $engine ]]; then
    for candidate in docker podman buildah; do
        if command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1; then engine=$candidate; break; fi
    done
fi
[[ -n $engine ]] || fail "no container engine works" "start docker, or install podman or buildah"

archive=$(mktemp -d)
trap 'rm -rf "$archive"' EXIT
for role in server pipeline rollout; do
    name=$(image "$role")
    if ! "$engine" inspect "$name" >/dev/null 2>&1; then
        ENGINE=$engine bash "$root/images/build.sh" "$role"
    fi
    say "loading $name"
    case $engine in
        docker) docker save --output "$archive/$role.tar" "$name" ;;
        podman) podman save --format docker-archive --output "$archive/$role.tar" "$name" ;;
        buildah) buildah push --quiet "$name" "docker-archive:$archive/$role.tar:$name" ;;
    esac || fail "$engine could not save $name"
    kind load image-archive "$archive/$role.tar" --name tenure || fail "kind could not load $name"
    rm -f "$archive/$role.tar"
done
