#!/usr/bin/env bash
# A kind cluster with everything that Tenure stands on. Run it again after an interruption: every step is repeatable,
# and what is there already is left alone.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../versions.env
source "$k8s/versions.env"

bash "$here/preflight.sh"

cluster=tenure
if kind get clusters 2>/dev/null | grep -qx "$cluster"; then
    say "cluster $cluster exists"
else
    say "creating cluster $cluster (about a minute)"
    kind create cluster --config "$root/kind-config.yaml" --image "$KIND_NODE_IMAGE" --wait 180s \
        || fail "kind could not create the cluster" "look: kind export logs; is port 8080 of this machine taken?"
fi
kind export kubeconfig --name "$cluster" >/dev/null 2>&1 || fail "kind has no kubeconfig for $cluster" "delete it and start again: make kind-down kind-up"
kubectl config use-context "kind-$cluster" >/dev/null
need_cluster

bash "$here/platform.sh"
say "the gateway is on http://localhost:8080. Next: make kind-load deploy"
