#!/usr/bin/env bash
# Create the Secrets of k8s/secrets.yaml on a cluster that has none, with random passwords, for the object store and the
# database that overlays/kind runs inside the cluster. A Secret that exists is never changed: its password is in use.
#
# Environment:
#   ALERT_WEBHOOK   URL to which the end of every pipeline run is posted; may be set later, and changed
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_cluster
url='^https?://[^[:space:]"\\]+$'
[[ -z ${ALERT_WEBHOOK:-} || $ALERT_WEBHOOK =~ $url ]] || fail "ALERT_WEBHOOK is not a URL" "it must begin with http:// or https://"
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

random() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# secret NAMESPACE NAME KEY=VALUE…: values are passed in files, so that they do not appear in a list of processes.
secret() {
    local namespace=$1 name=$2 pair files=()
    shift 2
    if kubectl --namespace "$namespace" get secret "$name" >/dev/null 2>&1; then
        say "secret $namespace/$name exists"
        return
    fi
    for pair in "$@"; do
        printf '%s' "${pair#*=}" >"$folder/${pair%%=*}"
        files+=(--from-file="${pair%%=*}=$folder/${pair%%=*}")
    done
    kubectl --namespace "$namespace" create secret generic "$name" "${files[@]}" >/dev/null || fail "secret $namespace/$name could not be created"
    rm -f "$folder"/*
    say "secret $namespace/$name created"
}

# Those of tenure-platform are created first and read for the others, so that all agree after an interruption too.
for namespace in tenure-platform tenure; do
    kubectl get namespace "$namespace" >/dev/null 2>&1 || fail "there is no namespace $namespace" "run make deploy, which creates it"
done
pipelines=(kubeflow)
if ! kubectl get namespace kubeflow >/dev/null 2>&1; then
    say "no namespace kubeflow: pipelines get no secrets"
    pipelines=()
fi

endpoint=object-store.tenure-platform.svc.cluster.local:8333
python3 "$here/identities.py" make "$k8s/components/object-store/identities.json" >"$folder/new.json"
secret tenure-platform tenure-object-store-identities "s3.json=$(cat "$folder/new.json")"
identities=$(value tenure-platform tenure-object-store-identities s3.json)
# object_store NAMESPACE NAME IDENTITY
object_store() {
    local pair access key
    pair=$(python3 "$here/identities.py" show "$3" <<<"$identities") || exit 1
    read -r access key <<<"$pair"
    secret "$1" "$2" "AWS_ACCESS_KEY_ID=$access" "AWS_SECRET_ACCESS_KEY=$key" "AWS_ENDPOINT_URL=http://$endpoint"
    kubectl --namespace "$1" annotate secret "$2" --overwrite \
        "serving.kserve.io/s3-endpoint=$endpoint" serving.kserve.io/s3-usehttps=0 serving.kserve.io/s3-verifyssl=0 \
        serving.kserve.io/s3-region=us-east-1 >/dev/null
}
object_store tenure-platform tenure-object-store mlflow
object_store tenure tenure-object-store server
object_store tenure tenure-object-store-rollout rollout
for namespace in ${pipelines[@]+"${pipelines[@]}"}; do object_store "$namespace" tenure-object-store steps; done
secret tenure tenure-log-hash "key=$(random)"

secret tenure-platform tenure-mlflow-session "key=$(random)"
secret tenure-platform tenure-mlflow-users "admin=$(random)" "pipelines=$(random)" "rollout=$(random)"
# mlflow_client NAMESPACE NAME USER
mlflow_client() {
    local password
    password=$(value tenure-platform tenure-mlflow-users "$3") || exit 1
    secret "$1" "$2" "MLFLOW_TRACKING_USERNAME=$3" "MLFLOW_TRACKING_PASSWORD=$password"
}
mlflow_client tenure tenure-rollout-mlflow rollout
for namespace in ${pipelines[@]+"${pipelines[@]}"}; do mlflow_client "$namespace" kfp-mlflow-credentials pipelines; done

secret tenure-platform tenure-postgres "admin-password=$(random)" "mlflow-password=$(random)" "studies-password=$(random)"
mlflow=$(value tenure-platform tenure-postgres mlflow-password)
studies=$(value tenure-platform tenure-postgres studies-password)
secret tenure-platform tenure-mlflow-database "uri=postgresql://mlflow:$mlflow@postgres.tenure-platform.svc.cluster.local:5432/mlflow"
signing_key=$(openssl genpkey -algorithm ed25519) || fail "openssl made no key" "install OpenSSL, 1.1.1 or newer"
secret tenure-platform tenure-signing-key "private-key=$signing_key"
signing_key=$(value tenure-platform tenure-signing-key private-key)
trusted=$(openssl pkey -pubout <<<"$signing_key")
secret tenure tenure-trust "keys.pem=$trusted"
secret tenure-platform tenure-rollout-audit "password=$(random)"
audit=$(value tenure-platform tenure-rollout-audit password)
secret tenure tenure-rollout-audit "uri=postgresql://rollout_audit:$audit@postgres.tenure-platform.svc.cluster.local:5432/rollout_audit"
for namespace in ${pipelines[@]+"${pipelines[@]}"}; do
    secret "$namespace" tenure-signing-key "private-key=$signing_key"
    secret "$namespace" tenure-trust "keys.pem=$trusted"
    # The only value that is given from outside; it may change.
    secret "$namespace" tenure-alerts "webhook=${ALERT_WEBHOOK:-}"
    if [[ -n ${ALERT_WEBHOOK:-} && $(value "$namespace" tenure-alerts webhook) != "$ALERT_WEBHOOK" ]]; then
        printf '{"stringData": {"webhook": "%s"}}' "$ALERT_WEBHOOK" >"$folder/patch.json"
        kubectl --namespace "$namespace" patch secret tenure-alerts --patch-file "$folder/patch.json" >/dev/null \
            || fail "secret $namespace/tenure-alerts could not be changed"
        say "secret $namespace/tenure-alerts has the new webhook"
    fi
    secret "$namespace" tenure-study-database "uri=postgresql+psycopg://studies:$studies@postgres.tenure-platform.svc.cluster.local:5432/studies"
done
