# Shared by the scripts beside it; sourced, not run.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
k8s=$(dirname "$here")
root=$(dirname "$k8s")
export k8s root

# --help prints the comment at the top of the script that sources this file.
if [[ ${1:-} == --help ]]; then
    sed -n '2,/^[^#]/s/^#\( \|$\)//p' "$0"
    exit 0
fi

say() { printf '%s\n' "• $*"; }

# fail ERROR [HINT]: one line with the error, and one with what to do.
fail() {
    printf '%s\n' "error: ${1//$'\n'/ }" >&2
    [[ $# -lt 2 ]] || printf '%s\n' "       $2" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed" "${2:-}"
}

# Fail unless the cluster of the current context answers.
need_cluster() {
    need kubectl "install kubectl, 1.31 or newer"
    local answer
    if ! answer=$(kubectl version --request-timeout=10s -o json 2>&1); then
        fail "no cluster answers in context '$(kubectl config current-context 2>/dev/null || echo none)': $(tail -n 1 <<<"$answer")" \
            "start one with 'make kind-up', or point KUBECONFIG at yours"
    fi
}

# need_crd NAME COMMAND: fail unless the CustomResourceDefinition exists; COMMAND installs it.
need_crd() {
    has_crd "$1" || fail "the cluster has no $1" "install it: $2"
}

has_crd() { kubectl get customresourcedefinition "$1" >/dev/null 2>&1; }

# retry SECONDS COMMAND…: until it works. Webhooks refuse connections for a while after their Deployment is ready.
retry() {
    local deadline=$((SECONDS + $1)) output
    shift
    until output=$("$@" 2>&1); do
        if ((SECONDS >= deadline)); then
            printf '%s\n' "$output" >&2
            return 1
        fi
        sleep 3
    done
    printf '%s\n' "$output"
}

# rollout NAMESPACE KIND/NAME [SECONDS]: wait until it is rolled out; if it is not by then, show why.
rollout() {
    local namespace=$1 workload=$2 timeout_s=${3:-300}
    say "waiting for $workload in $namespace"
    kubectl --namespace "$namespace" rollout status "$workload" --timeout="${timeout_s}s" >/dev/null 2>&1 && return
    explain "$namespace"
    fail "$workload in $namespace is not ready after $timeout_s s" \
        "look: kubectl --namespace $namespace describe $workload; kubectl --namespace $namespace get events --sort-by=.lastTimestamp"
}

# explain NAMESPACE: pods that are not running, why containers wait, and the last warnings.
explain() {
    {
        echo "--- pods of $1 that are not ready"
        kubectl --namespace "$1" get pods --no-headers 2>&1 | awk '{split($2, ready, "/")} $3 != "Completed" && ready[1] != ready[2]'
        echo "--- why containers wait"
        kubectl --namespace "$1" get pods --output jsonpath='{range .items[*]}{.metadata.name}{range .status.initContainerStatuses[?(@.state.waiting)]}{" "}{.name}{": "}{.state.waiting.reason}{" "}{.state.waiting.message}{end}{range .status.containerStatuses[?(@.state.waiting)]}{" "}{.name}{": "}{.state.waiting.reason}{" "}{.state.waiting.message}{end}{"\n"}{end}' 2>&1 | grep ': ' || true
        echo "--- last warnings"
        kubectl --namespace "$1" get events --field-selector type=Warning --sort-by=.lastTimestamp 2>&1 | tail -n 8
    } >&2
}

# image ROLE: its name, with IMAGE_PREFIX and IMAGE_TAG as for images/build.sh.
image() {
    local tag=${IMAGE_TAG:-}
    [[ -n $tag ]] || tag=$(bash "$root/images/tag.sh" "$1") || fail "image $1 has no tag" "run from a git checkout, or set IMAGE_TAG"
    printf '%s\n' "${IMAGE_PREFIX:-localhost}/tenure-$1:$tag"
}

# overlay OVERLAY: set `folder` to its folder, and `namespace`, `platform` and `service` to what it calls them.
overlay() {
    folder=$k8s/overlays/$1
    [[ -d $folder ]] || folder=$1
    [[ -f $folder/kustomization.yaml ]] || fail "no overlay '$1'" "there are: $(cd "$k8s/overlays" && printf '%s ' *)"
    namespace=$(overlay_name namespace tenure)
    platform=$(overlay_name platform-namespace tenure-platform)
    service=$(overlay_name service churn)
    export folder namespace platform service
}

# overlay_name KEY DEFAULT: a value of the overlay's ConfigMap tenure-names (components/team).
overlay_name() {
    local found=''
    [[ ! -f $folder/names.yaml ]] || found=$(sed -n "s/^  $1: *\([^ #]*\).*/\1/p" "$folder/names.yaml")
    printf '%s\n' "${found:-$2}"
}

# value NAMESPACE SECRET KEY: print the present value of a Secret's key.
value() {
    # A dot in a key would be a step down in kubectl's JSONPath.
    kubectl --namespace "$1" get secret "$2" --output "jsonpath={.data['${3//./\\.}']}" | base64 --decode \
        || fail "secret $1/$2 could not be read" "the line above says why; run the same command again"
}

forwards=()
stop_forwards() {
    [[ ${#forwards[@]} -eq 0 ]] || kill "${forwards[@]}" 2>/dev/null || true
}

# forward NAMESPACE SERVICE PORT: forward a port of this machine, and set `forwarded` to its host and port. A script that
# calls it must say: trap stop_forwards EXIT
forward() {
    local log port='' pid
    log=$(mktemp)
    kubectl --namespace "$1" port-forward "service/$2" ":$3" --address 127.0.0.1 >"$log" 2>&1 &
    pid=$!
    forwards+=("$pid")
    for _ in $(seq 100); do
        port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$log" | head -n 1)
        [[ -z $port ]] || break
        kill -0 "$pid" 2>/dev/null || fail "no port could be forwarded to $2: $(tail -n 1 "$log")"
        sleep 0.2
    done
    rm -f "$log"
    [[ -n $port ]] || fail "no port could be forwarded to $2 within 20 s"
    export forwarded=127.0.0.1:$port
}

# The object store that overlays/kind runs, and its administrator's keys, for programs of this machine.
forward_object_store() {
    local identities pair
    identities=$(value tenure-platform tenure-object-store-identities s3.json)
    forward tenure-platform object-store 8333
    pair=$(python3 "$here/identities.py" show admin <<<"$identities")
    read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY <<<"$pair"
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL=http://$forwarded AWS_DEFAULT_REGION=us-east-1
}
