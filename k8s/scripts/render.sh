#!/usr/bin/env bash
# Print what `make deploy` would apply: render.sh OVERLAY [STORAGE_URI]
#
# OVERLAY is a folder under k8s/overlays, or the path of one of your own. Without STORAGE_URI the InferenceService is
# left out, since there is no model to serve.
# Environment:
#   IMAGE_PREFIX, IMAGE_TAG   as for images/build.sh
#   PINNED=1        every image by digest: those that have a tag get the digest that their registry gives it now
#   WITHOUT_KINDS   what to leave out, separated by blanks: KIND or KIND/NAME
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need kubectl "install kubectl, 1.31 or newer"

overlay "${1:?render.sh OVERLAY [STORAGE_URI]}"
storage_uri=${2:-}
[[ -z $storage_uri || $storage_uri =~ ^[a-z0-9+-]+://[^[:space:]]+$ ]] || fail "'$storage_uri' is not a storage URI" "expected s3://bucket/path, gs://…, pvc://…"

[[ ${IMAGE_TAG-unset} =~ ^$|^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "'$IMAGE_TAG' is not an image tag"
[[ ${IMAGE_TAG:-} != latest ]] || fail "IMAGE_TAG=latest: a tag that moves breaks rollbacks and caches" "leave it unset: the default identifies the content"
images=()
for role in server rollout; do
    name=$(image "$role")
    images+=("$name")
done

mkdir -p "$root/build/deploy"
work=$(mktemp -d "$root/build/deploy/XXXXXX")
trap 'rm -rf "$work"' EXIT
{
    echo "apiVersion: kustomize.config.k8s.io/v1beta1"
    echo "kind: Kustomization"
    echo "resources:"
    # Not realpath --relative-to: macOS does not have that option.
    echo "  - $(python3 -c 'import os, sys; print(os.path.relpath(*map(os.path.realpath, sys.argv[1:])))' "$folder" "$work")"
    echo "images:"
    for name in "${images[@]}"; do
        base=${name##*/}
        printf '  - name: %s\n    newName: %s\n    newTag: "%s"\n' "${base%:*}" "${name%:*}" "${base#*:}"
    done
    echo "patches:"
    if [[ -n $storage_uri ]]; then
        cat <<YAML
  - target: {group: serving.kserve.io, kind: InferenceService, name: $service}
    patch: |-
      - op: replace
        path: /spec/predictor/model/storageUri
        value: "$storage_uri"
YAML
    fi
    # leave_out KIND [NAME]
    leave_out() {
        cat <<YAML
  - target: {kind: $1, name: ${2:-.*}}
    patch: |-
      apiVersion: any/v1
      kind: $1
      metadata: {name: any}
      \$patch: delete
YAML
    }
    for each in ${WITHOUT_KINDS:-}; do
        if [[ $each == */* ]]; then leave_out "${each%%/*}" "${each#*/}"; else leave_out "$each"; fi
    done
    # The rollout controller exits if its service does not exist.
    if [[ -z $storage_uri ]]; then
        leave_out InferenceService
        leave_out Deployment tenure-rollout
    fi
} >"$work/kustomization.yaml"
manifests=$(kubectl kustomize "$work") || fail "the overlay '$1' does not render; kubectl's message is above"
if [[ ${PINNED:-} == 1 ]]; then
    # A field may be the first of a list's item.
    for name in $(sed -n 's/^ *\(- \)\{0,1\}image: //p' <<<"$manifests" | grep -v '@sha256:' | sort -u); do
        digest=$(bash "$root/images/digest.sh" "$name") || fail "image $name cannot be pinned; the line above says why" "push it first, or pin it: make images-pin"
        manifests=$(sed "s|image: $name\$|image: ${name%:*}@$digest|" <<<"$manifests")
    done
fi
printf '%s\n' "$manifests"
