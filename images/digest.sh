#!/usr/bin/env bash
# Print the digest that an image's tag has now in its registry: digest.sh NAME:TAG
set -euo pipefail
name=${1:?digest.sh NAME:TAG}
if command -v skopeo >/dev/null 2>&1; then
    found=$(skopeo inspect --format '{{.Digest}}' "docker://$name") || found=
elif docker buildx version >/dev/null 2>&1; then
    found=$(docker buildx imagetools inspect "$name" --format '{{.Manifest.Digest}}') || found=
else
    echo "images/digest.sh: reading digests needs skopeo, or docker with buildx" >&2
    exit 1
fi
[[ -n $found ]] || { echo "images/digest.sh: no digest for $name: is it in its registry, and the registry reachable?" >&2; exit 1; }
[[ $found =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "images/digest.sh: '$found' is not a digest of $name" >&2; exit 1; }
printf '%s\n' "$found"
