#!/usr/bin/env bash
# Print the tag that identifies an image's content: images/tag.sh ROLE
# It is the last git revision (12 digits) that changed the image's inputs, and, if they have uncommitted changes, a hash
# of those. Kubeflow's cache key contains the image's name, not the code inside: a mutable tag would give stale hits, and
# a tag that changes with every commit none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

inputs=()
while IFS= read -r input; do inputs+=("$input"); done <<<"$(bash images/inputs.sh "${1:?images/tag.sh ROLE}")"
[[ -n ${inputs[0]} ]] || exit 1
revision=$(git log -1 --format=%H -- "${inputs[@]}")
[[ -n $revision ]] || { echo "images/tag.sh: no commit contains the inputs of image '$1'" >&2; exit 1; }
revision=${revision:0:12}
changes=$(git status --porcelain --untracked-files=all -- "${inputs[@]}")
if [[ -z $changes ]]; then
    echo "$revision"
    exit
fi
digest=$({
    git diff HEAD --binary -- "${inputs[@]}"
    git ls-files -z --others --exclude-standard -- "${inputs[@]}" | sort -z | xargs -0 -r sha256sum
} | sha256sum | cut -c 1-8)
echo "$revision-$digest"
