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

# value NAMESPACE SECRET KEY: print the present value.
value() {
    kubectl --namespace "$1" get secret "$2" --output "jsonpath={.data['$3']}" | base64 --decode \
        || fail "secret $1/$2 could not be read" "the line above says why; run the same command again"
}

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
# object_store NAMESPACE ACCESS_KEY SECRET_KEY
object_store() {
    secret "$1" tenure-object-store "AWS_ACCESS_KEY_ID=$2" "AWS_SECRET_ACCESS_KEY=$3" "AWS_ENDPOINT_URL=http://$endpoint"
    kubectl --namespace "$1" annotate secret tenure-object-store --overwrite \
        "serving.kserve.io/s3-endpoint=$endpoint" serving.kserve.io/s3-usehttps=0 serving.kserve.io/s3-verifyssl=0 \
        serving.kserve.io/s3-region=us-east-1 >/dev/null
}
object_store tenure-platform tenure "$(random)"
access=$(value tenure-platform tenure-object-store AWS_ACCESS_KEY_ID)
key=$(value tenure-platform tenure-object-store AWS_SECRET_ACCESS_KEY)
for namespace in tenure ${pipelines[@]+"${pipelines[@]}"}; do object_store "$namespace" "$access" "$key"; done
secret tenure tenure-log-hash "key=$(random)"
secret tenure-platform tenure-object-store-identities "s3.json={\"identities\": [{\"name\": \"tenure\", \"credentials\": [{\"accessKey\": \"$access\", \"secretKey\": \"$key\"}], \"actions\": [\"Admin\", \"Read\", \"List\", \"Tagging\", \"Write\"]}]}"

secret tenure-platform tenure-postgres "admin-password=$(random)" "mlflow-password=$(random)" "studies-password=$(random)"
mlflow=$(value tenure-platform tenure-postgres mlflow-password)
studies=$(value tenure-platform tenure-postgres studies-password)
secret tenure-platform tenure-mlflow-database "uri=postgresql://mlflow:$mlflow@postgres.tenure-platform.svc.cluster.local:5432/mlflow"
for namespace in ${pipelines[@]+"${pipelines[@]}"}; do
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
