#!/usr/bin/env bash
# Run a pipeline on the cluster's Kubeflow Pipelines and wait for its end: submit.sh. Run it periodically:
# submit.sh schedule.
#
# A table of this machine is copied to the object store first: to TENURE_DATA_STORE, or to the one that overlays/kind
# runs inside the cluster.
#
# Environment:
#   DATASET        folder with the contract (datasets/telco)
#   PIPELINE       training (default), scoring or monitoring
#   CRON           of a schedule: six fields, as in "0 0 3 * * *"
#   KFP_ENDPOINT   address of the API; otherwise a port is forwarded to ml-pipeline in KFP_NAMESPACE (kubeflow)
#   TENURE_DATA_STORE   folder of an object store, such as s3://bucket/datasets; AWS_* hold its endpoint and credentials for this machine
#   IMAGE_PREFIX, IMAGE_TAG   as for images/build.sh
#   SUBMIT_FLAGS   further flags for `tenure submit` or `tenure schedule`
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

verb=${1:-submit}
[[ $verb != schedule || -n ${CRON:-} ]] || fail "CRON is not set" "second, minute, hour, day, month, day of week: make schedule CRON=\"0 0 3 * * *\""
dataset=${DATASET:-datasets/telco}
tenure=${BIN:-.venv/bin}/tenure
namespace=${KFP_NAMESPACE:-kubeflow}
pipeline_image=$(image pipeline)
endpoint=${KFP_ENDPOINT:-}
trap stop_forwards EXIT

if [[ -z $endpoint ]]; then
    need_cluster
    kubectl --namespace "$namespace" get service ml-pipeline >/dev/null 2>&1 \
        || fail "there is no Kubeflow Pipelines in namespace $namespace" "make kind-up, or set KFP_ENDPOINT=https://… to the address of its API"
    forward "$namespace" ml-pipeline 8888
    endpoint=http://$forwarded
fi
if [[ -z ${TENURE_DATA_STORE:-} && $verb == submit ]] && kubectl --namespace tenure-platform get service object-store >/dev/null 2>&1; then
    forward_object_store
    export TENURE_DATA_STORE=s3://tenure-data/datasets
fi
read -ra flags <<<"${SUBMIT_FLAGS:-}"
# The step that deploys runs in the rollout's image.
case " ${flags[*]-} " in
    *" --rollout-image"*) ;;
    *" --deploy "* | *" --deploy="*)
        rollout_image=$(image rollout)
        flags+=(--rollout-image "$rollout_image")
        ;;
esac
[[ $verb == submit ]] || flags=(--cron "$CRON" ${flags[@]+"${flags[@]}"})
"$tenure" "$verb" "$dataset" --pipeline "${PIPELINE:-training}" --endpoint "$endpoint" --image "$pipeline_image" ${flags[@]+"${flags[@]}"}
