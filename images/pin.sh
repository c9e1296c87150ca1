#!/usr/bin/env bash
# Ask the registries for the digests that tags have now: of the base image, written into images/versions.env, and of the
# images that run beside Tenure in production, written into k8s/overlays/production/digests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=versions.env
source "$here/versions.env"

found=$(bash "$here/digest.sh" "$BASE_NAME")
if [[ $found == "$BASE_DIGEST" ]]; then
    echo "$BASE_NAME is already pinned to $found"
else
    sed -i "s|^BASE_DIGEST=.*|BASE_DIGEST=$found|" "$here/versions.env"
    echo "$BASE_NAME is now pinned to $found: commit images/versions.env"
fi

k8s=$here/../k8s
file=$k8s/overlays/production/digests/kustomization.yaml
names=$(sed -n 's/^  - name: //p' "$file")
for name in $names; do
    tag=$(sed -n "\|^  - name: $name\$|{n;s/^ *newTag: \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p}" "$k8s/components/versions/kustomization.yaml")
    [[ -n $tag ]] || { echo "error: $name has no version in k8s/components/versions" >&2; exit 1; }
    found=$(bash "$here/digest.sh" "$name:$tag")
    sed -i "\|^  - name: $name\$|{n;s|digest: .*|digest: $found # $tag|}" "$file"
    echo "$name:$tag is pinned to $found"
done
echo "commit k8s/overlays/production/digests"
