#!/usr/bin/env bash
# Build the images: images/build.sh [pipeline|server|rollout ...]        (all three without an argument)
#
# Environment, all optional:
#   ENGINE         docker, podman or buildah; otherwise the first of them that works
#   IMAGE_PREFIX   registry and folder of the names (localhost)
#   IMAGE_TAG      tag of all images; otherwise each image's own, which identifies its content (images/tag.sh)
#   BASE_IMAGE     base image instead of the pinned one of images/versions.env
#   PIP_CONFIG_FILE, PIP_CERT or SSL_CERT_FILE   mounted while packages are installed, never part of the image
#   BUILD_FLAGS    further flags for the engine, for example --network=host
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
roles=("$@")
[[ ${#roles[@]} -gt 0 ]] || roles=(server pipeline rollout)

fail() { echo "images/build.sh: $*" >&2; exit 1; }

for role in "${roles[@]}"; do
    [[ -f $here/$role/Dockerfile ]] || fail "no image '$role': there are pipeline, server and rollout"
done

works() { command -v "$1" >/dev/null 2>&1 && "$1" "${@:2}" >/dev/null 2>&1; }
engine=${ENGINE:-}
if [[ -z $engine ]]; then
    if works docker info; then engine=docker
    elif works podman info; then engine=podman
    elif works buildah info; then engine=buildah
    else fail "no container engine works: start docker, or install podman or buildah"
    fi
fi
command -v "$engine" >/dev/null 2>&1 || fail "ENGINE=$engine is not installed"

# shellcheck source-path=SCRIPTDIR source=versions.env
source "$here/versions.env"
base=${BASE_IMAGE:-}
if [[ -z $base ]]; then
    [[ $BASE_DIGEST =~ ^sha256:[0-9a-f]{64}$ ]] || fail "images/versions.env pins no digest: run 'make images-pin', or set BASE_IMAGE"
    base=$BASE_NAME@$BASE_DIGEST
fi

cd "$root"
git rev-parse HEAD >/dev/null 2>&1 || fail "not a git checkout: the images are built from one"
contexts=$(mktemp -d)
trap 'rm -rf "$contexts"' EXIT

# build_context ROLE FOLDER: copy the image's inputs and nothing else: tracked files, and new ones that git does not ignore.
build_context() {
    local inputs=() input
    while IFS= read -r input; do inputs+=("$input"); done <<<"$(bash "$here/inputs.sh" "$1")"
    mkdir -p "$2"
    git ls-files -z --cached --others --exclude-standard -- "${inputs[@]}" \
        | while IFS= read -r -d '' file; do if [[ -e $file ]]; then printf '%s\0' "$file"; fi; done \
        | tar --null --files-from=- --create --file=- | tar --extract --directory="$2"
}

secrets=()
if [[ -n ${PIP_CONFIG_FILE:-} && -s $PIP_CONFIG_FILE ]]; then secrets+=(--secret "id=pip-config,src=$PIP_CONFIG_FILE"); fi
certificates=${PIP_CERT:-${SSL_CERT_FILE:-}}
if [[ -n $certificates && -s $certificates ]]; then secrets+=(--secret "id=ca-bundle,src=$certificates"); fi

case $engine in
    # No attestations: an image with them is an index, of which kind's nodes cannot import what is for no platform.
    docker) command=(env DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build) ;;
    # The docker format keeps HEALTHCHECK, which the OCI format has no place for.
    podman) command=(podman build --format docker) ;;
    buildah) command=(buildah build --format docker) ;;
    *) fail "ENGINE=$engine: expected docker, podman or buildah" ;;
esac
read -ra flags <<<"${BUILD_FLAGS:-}"

for role in "${roles[@]}"; do
    content=$(bash "$here/tag.sh" "$role")
    revision=$(git rev-parse "${content%%-*}")
    version=$revision
    [[ $content != *-* ]] || version+=-dirty
    name=${IMAGE_PREFIX:-localhost}/tenure-$role:${IMAGE_TAG:-$content}
    context=$contexts/$role
    build_context "$role" "$context"
    echo "building $name with $engine on $base"
    "${command[@]}" ${flags[@]+"${flags[@]}"} ${secrets[@]+"${secrets[@]}"} \
        --build-arg "BASE_IMAGE=$base" --build-arg "REVISION=$revision" --build-arg "VERSION=$version" \
        --file "$context/images/$role/Dockerfile" --tag "$name" "$context" \
        || fail "$name did not build; the engine's output above says where"
    echo "built $name"
done
