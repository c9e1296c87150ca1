#!/usr/bin/env bash
# Delete the kind cluster and everything in it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need kind
if kind get clusters 2>/dev/null | grep -qx tenure; then
    kind delete cluster --name tenure
else
    say "there is no kind cluster named tenure"
fi
