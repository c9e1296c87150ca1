#!/usr/bin/env bash
# The end-to-end tests. For the kind cluster of `make kind-up` their settings are filled in; for another cluster set the
# variables of tests/e2e/README.md.
#
# Environment:
#   BIN   folder of pytest (.venv/bin)
#   IMAGE_PREFIX, IMAGE_TAG   as for images/build.sh
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
trap stop_forwards EXIT

if [[ -z ${TENURE_E2E_GATEWAY:-} ]]; then
    need_cluster
    context=$(kubectl config current-context)
    [[ $context == kind-tenure ]] || fail "TENURE_E2E_GATEWAY is not set, and context $context is not the cluster of make kind-up" \
        "set the variables of tests/e2e/README.md"
    kubectl --namespace tenure get inferenceservice churn >/dev/null 2>&1 || fail "nothing is served yet" "make submit, then make deploy"
    forward kubeflow ml-pipeline 8888
    export TENURE_E2E_GATEWAY=http://localhost:8080 TENURE_E2E_KFP_ENDPOINT=http://$forwarded
    forward_object_store
    export TENURE_DATA_STORE=s3://tenure-data/datasets TENURE_E2E_BUNDLES=s3://tenure-models/mlflow/e2e
    TENURE_E2E_PIPELINE_IMAGE=$(image pipeline)
    TENURE_E2E_ROLLOUT_IMAGE=$(image rollout)
    export TENURE_E2E_PIPELINE_IMAGE TENURE_E2E_ROLLOUT_IMAGE
fi
"${BIN:-.venv/bin}/pytest" -m e2e tests/e2e -v
