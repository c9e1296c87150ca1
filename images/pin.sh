#!/usr/bin/env bash
# Ask the registry for the digest that the base image's tag has now, and write it into images/versions.env.
set -euo pipefail
versions=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/versions.env
# shellcheck source-path=SCRIPTDIR source=versions.env
source "$versions"

digest() {
    if command -v skopeo >/dev/null 2>&1; then
        skopeo inspect --format '{{.Digest}}' "docker://$BASE_NAME"
    elif docker buildx version >/dev/null 2>&1; then
        docker buildx imagetools inspect "$BASE_NAME" --format '{{.Manifest.Digest}}'
    else
        echo "images/pin.sh: needs skopeo, or docker with buildx" >&2
        return 1
    fi
}

found=$(digest) || { echo "images/pin.sh: no digest for $BASE_NAME: is the registry reachable?" >&2; exit 1; }
[[ $found =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "images/pin.sh: '$found' is not a digest" >&2; exit 1; }
if [[ $found == "$BASE_DIGEST" ]]; then
    echo "$BASE_NAME is already pinned to $found"
    exit
fi
sed -i "s|^BASE_DIGEST=.*|BASE_DIGEST=$found|" "$versions"
echo "$BASE_NAME is now pinned to $found: commit images/versions.env"
