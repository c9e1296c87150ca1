#!/usr/bin/env bash
# Run the training pipeline on the cluster's Kubeflow Pipelines and wait for its verdict.
#
# Environment:
#   DATASET        folder with the contract (datasets/telco)
#   KFP_ENDPOINT   address of the API; otherwise a port is forwarded to ml-pipeline in KFP_NAMESPACE (kubeflow)
#   IMAGE_PREFIX, IMAGE_TAG   as for images/build.sh
#   SUBMIT_FLAGS   further flags for `tenure submit`
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dataset=${DATASET:-datasets/telco}
tenure=${BIN:-.venv/bin}/tenure
namespace=${KFP_NAMESPACE:-kubeflow}
image=${IMAGE_PREFIX:-localhost}/tenure-pipeline:${IMAGE_TAG:-$(bash "$root/images/tag.sh")}
endpoint=${KFP_ENDPOINT:-}

if [[ -z $endpoint ]]; then
    need_cluster
    kubectl --namespace "$namespace" get service ml-pipeline >/dev/null 2>&1 \
        || fail "there is no Kubeflow Pipelines in namespace $namespace" "make kind-up, or say where its API is: KFP_ENDPOINT=https://…"
    log=$(mktemp)
    kubectl --namespace "$namespace" port-forward service/ml-pipeline :8888 --address 127.0.0.1 >"$log" 2>&1 &
    forward=$!
    trap 'kill "$forward" 2>/dev/null; rm -f "$log"' EXIT
    for _ in $(seq 100); do
        port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$log" | head -n 1)
        [[ -z $port ]] || break
        kill -0 "$forward" 2>/dev/null || fail "no port could be forwarded to ml-pipeline: $(tail -n 1 "$log")"
        sleep 0.2
    done
    [[ -n $port ]] || fail "no port could be forwarded to ml-pipeline within 20 s"
    endpoint=http://127.0.0.1:$port
fi
read -ra flags <<<"${SUBMIT_FLAGS:-}"
"$tenure" submit "$dataset" --endpoint "$endpoint" --image "$image" ${flags[@]+"${flags[@]}"}
