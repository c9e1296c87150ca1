#!/usr/bin/env bash
# Print the tag that says what is in the images: the git revision (12 digits), and, if what goes into them was changed
# since, a hash of the changes. Kubeflow's cache key holds the image's name, not the code inside: a tag that moved
# would give stale cache hits.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

inputs=(tenure components pipelines serving rollout requirements images)
revision=$(git rev-parse --short=12 HEAD)
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
