#!/usr/bin/env bash
# Build the images if this revision has none, and put them on the kind cluster's nodes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need kind
kind get clusters 2>/dev/null | grep -qx tenure || fail "there is no kind cluster named tenure" "start it: make kind-up"

prefix=${IMAGE_PREFIX:-localhost}
tag=${IMAGE_TAG:-$(bash "$root/images/tag.sh")}
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
    image=$prefix/tenure-$role:$tag
    if ! "$engine" inspect "$image" >/dev/null 2>&1; then
        ENGINE=$engine IMAGE_PREFIX=$prefix IMAGE_TAG=$tag bash "$root/images/build.sh" "$role"
    fi
    say "loading $image"
    case $engine in
        docker) docker save --output "$archive/$role.tar" "$image" ;;
        podman) podman save --format docker-archive --output "$archive/$role.tar" "$image" ;;
        buildah) buildah push --quiet "$image" "docker-archive:$archive/$role.tar:$image" ;;
    esac || fail "$engine could not save $image"
    kind load image-archive "$archive/$role.tar" --name tenure || fail "kind could not load $image"
    rm -f "$archive/$role.tar"
done
