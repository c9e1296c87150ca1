#!/usr/bin/env bash
# Create a kind cluster with everything that Tenure needs. Run it again after an interruption: every step can be
# repeated, and what exists already stays unchanged.
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
    # A cluster whose creation was interrupted lacks its network or nodes: delete it, and the next run starts anew.
    trap 'kind delete cluster --name "$cluster" >/dev/null 2>&1' EXIT
    kind create cluster --config "$root/kind-config.yaml" --image "$KIND_NODE_IMAGE" --wait 180s \
        || fail "kind could not create the cluster; its message is above" "is port 8080 of this machine taken? Is the registry of $KIND_NODE_IMAGE reachable?"
    trap - EXIT
fi
kind export kubeconfig --name "$cluster" >/dev/null 2>&1 || fail "kind has no kubeconfig for $cluster" "delete it and start again: make kind-down kind-up"
kubectl config use-context "kind-$cluster" >/dev/null

# After a restart of the machine nodes become ready after a while; a node that was never created does not.
look="look: kubectl get nodes; delete it and start again: make kind-down kind-up"
retry 60 kubectl get --raw=/readyz >/dev/null || fail "cluster $cluster does not answer" "$look"
nodes=$(grep -c '^  - role: ' "$root/kind-config.yaml")
[[ $(kubectl get nodes --output name | wc -l) -eq $nodes ]] || fail "cluster $cluster does not have its $nodes nodes" "$look"
kubectl wait --for=condition=Ready nodes --all --timeout=180s >/dev/null || fail "not all nodes of cluster $cluster are ready" "$look"

bash "$here/platform.sh"
say "the gateway is on http://localhost:8080. Next: make kind-load deploy"
