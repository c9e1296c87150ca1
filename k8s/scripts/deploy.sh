#!/usr/bin/env bash
# Apply an overlay to the cluster of the current context and wait until it is ready. It can be run again: the version
# that is being served stays, also one that the rollout controller has promoted.
#
# Environment:
#   OVERLAY     kind (default), production, or the path of your own
#   MODEL_URI   URI of the bundle that a new service starts with (default: the registry's champion, if there is one)
#   MODEL_NAME  registered model whose champion is served, where several have one
#   IMAGE_PREFIX, IMAGE_TAG   as for images/build.sh
#   FORCE=1     overwrite fields that somebody else has changed
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../versions.env
source "$k8s/versions.env"

chosen=${OVERLAY:-kind}
overlay "$chosen"
need_cluster
say "deploying overlay $chosen to context $(kubectl config current-context)"

need_crd inferenceservices.serving.kserve.io "make kind-up, or KServe $KSERVE_VERSION: helm install kserve-crd oci://ghcr.io/kserve/charts/kserve-crd --version $KSERVE_VERSION, then kserve-resources"
need_crd servingruntimes.serving.kserve.io "helm install kserve-crd oci://ghcr.io/kserve/charts/kserve-crd --version $KSERVE_VERSION"
need_crd httproutes.gateway.networking.k8s.io "kubectl apply -f https://github.com/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API_VERSION/standard-install.yaml"
if ! kubectl get customresourcedefinition inferenceservices.serving.kserve.io --output jsonpath='{.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.canary.type}' | grep -q array; then
    fail "this KServe has no spec.canary" "upgrade it to $KSERVE_VERSION"
fi

# KServe's charts give the container that fetches models a security context that our namespaces admit; its plain
# manifests do not, and every pod of the service would be rejected.
escalation=$(kubectl get clusterstoragecontainer default --ignore-not-found --output jsonpath='{.metadata.name}={.spec.container.securityContext.allowPrivilegeEscalation}')
if [[ $escalation == default= || $escalation == default=true ]]; then
    fail "KServe's storage initializer may escalate privileges, which Pod Security 'restricted' refuses" \
        "kubectl patch clusterstoragecontainer default --type merge --patch '{\"spec\":{\"container\":{\"securityContext\":{\"allowPrivilegeEscalation\":false,\"runAsNonRoot\":true,\"capabilities\":{\"drop\":[\"ALL\"]}}}}}'"
fi

without=()
has_crd backendtrafficpolicies.gateway.envoyproxy.io || { without+=(BackendTrafficPolicy); say "no Envoy Gateway here: its retry policy is left out"; }
if ! kubectl get --raw /apis/admissionregistration.k8s.io/v1beta1 2>/dev/null | grep -q '"mutatingadmissionpolicies"'; then
    without+=(MutatingAdmissionPolicy MutatingAdmissionPolicyBinding)
    without+=(ValidatingAdmissionPolicy/tenure-require-closed-step-pods ValidatingAdmissionPolicyBinding/tenure-require-closed-step-pods)
    say "no MutatingAdmissionPolicies here: the pods of pipeline steps keep a writable root (k8s/components/step-pods)"
fi

for verb in create patch; do
    kubectl auth can-i "$verb" inferenceservices.serving.kserve.io --namespace "$namespace" >/dev/null 2>&1 \
        || fail "you may not $verb InferenceServices in namespace $namespace" "ask for a role that may, or switch the context: kubectl config get-contexts"
done

if [[ -n $(kubectl --namespace "$namespace" get inferenceservice "$service" --ignore-not-found --output jsonpath='{.spec.canary[*].predictor.name}') ]]; then
    fail "a rollout of $service is under way" "wait for its end, or: tenure rollout abort; a deploy would change what it compares"
fi

# Server-side apply: a field that the rollout controller has changed belongs to it, and stays.
apply() {
    local force=() output
    [[ ${FORCE:-} != 1 ]] || force=(--force-conflicts)
    if ! output=$(kubectl apply --server-side --field-manager=tenure-deploy ${force[@]+"${force[@]}"} "$@" 2>&1); then
        printf '%s\n' "$output" | tail -n 20 >&2
        case $output in
            *conflict*) fail "somebody else changed fields that the manifests set (see above)" "find out who, then: make deploy FORCE=1" ;;
            *"exceeded quota"*) fail "a quota of the namespace is used up" "look: kubectl --namespace $namespace describe resourcequota" ;;
            *orbidden*) fail "the cluster refused a change: you may not make it" "the line above names the verb and the object" ;;
            *) fail "the cluster refused the manifests (see above)" ;;
        esac
    fi
}

# A team's namespaces come with the rest; the vault fills them.
[[ $namespace != tenure ]] || apply --kustomize "$k8s/base/namespaces"
if [[ $chosen == kind ]]; then bash "$here/secrets.sh"; fi

# 1. Object store, database and registry, from which the model is read.
manifests=$(mktemp)
trap 'rm -f "$manifests"' EXIT
# An overlay that takes a folder of digests runs nothing that only a tag identifies.
pinned=0
if grep -qs 'digests *$' "$folder/kustomization.yaml"; then pinned=1; fi
render() { PINNED=$pinned WITHOUT_KINDS=${without[*]-} bash "$here/render.sh" "$chosen" "$@" >"$manifests" || exit 1; }
render
apply --filename "$manifests"
for name in object-store postgres prometheus; do
    if kubectl --namespace "$platform" get "statefulset/$name" >/dev/null 2>&1; then rollout "$platform" "statefulset/$name"; fi
done
rollout "$platform" deployment/mlflow 600

# 2. The model: the one that is served, else MODEL_URI, else the champion.
serving=$(kubectl --namespace "$namespace" get inferenceservice "$service" --ignore-not-found --output jsonpath='{.spec.predictor.model.storageUri}')
storage_uri=${serving:-${MODEL_URI:-}}
if [[ -n $serving && -n ${MODEL_URI:-} && $serving != "$MODEL_URI" ]]; then
    fail "$service serves $serving" "to change the version use a rollout: tenure rollout start; MODEL_URI only says what a new service starts with"
fi
if [[ -z $storage_uri ]]; then
    storage_uri=$(kubectl --namespace "$platform" exec --stdin deployment/mlflow -- python - "${MODEL_NAME:-}" <"$here/champion.py") \
        || fail "the champion could not be read from the registry" "look: kubectl --namespace $platform logs deployment/mlflow"
fi
if [[ -z $storage_uri ]]; then
    say "no model is registered yet; everything else is ready. Next: make submit, then make deploy"
    exit 0
fi

say "serving $storage_uri"
render "$storage_uri"
apply --filename "$manifests"
say "waiting for the InferenceService"
# Not --for=condition: that compares generations, and KServe writes its Deployment's into the service's status, which
# falls behind with the first promotion.
if ! kubectl --namespace "$namespace" wait --for=jsonpath='{.status.conditions[?(@.type=="Ready")].status}'=True "inferenceservice/$service" --timeout=600s >/dev/null 2>&1; then
    kubectl --namespace "$namespace" get inferenceservice "$service" --output jsonpath='{range .status.conditions[?(@.status!="True")]}{.type}{": "}{.reason}{" "}{.message}{"\n"}{end}' >&2 || true
    explain "$namespace"
    pod=$(kubectl --namespace "$namespace" get pods --selector "serving.kserve.io/inferenceservice=$service" --output name | head -n 1)
    [[ -z $pod ]] || kubectl --namespace "$namespace" logs "$pod" --container storage-initializer --tail=3 >&2 2>/dev/null || true
    fail "the InferenceService $service is not ready after 600 s" \
        "an image that cannot be pulled, or a bundle that is not at $storage_uri, shows above; kubectl --namespace $namespace describe inferenceservice $service"
fi
predictor=$(kubectl --namespace "$namespace" get inferenceservice "$service" --output jsonpath='{.spec.predictor.name}')
rollout "$namespace" "deployment/$service${predictor:+-$predictor}-predictor"
rollout "$namespace" deployment/tenure-rollout

# A promotion gives the predictor another name. KServe removes the Deployment and the Service of the old one, and leaves
# its HPA, which then warns permanently that it has nothing to scale.
while IFS='=' read -r hpa target; do
    [[ -n $hpa ]] || continue
    if [[ -z $(kubectl --namespace "$namespace" get deployment "$target" --ignore-not-found --output name) ]]; then
        kubectl --namespace "$namespace" delete horizontalpodautoscaler "$hpa" --ignore-not-found >/dev/null || true
        say "removed the autoscaler $hpa of a predictor that no longer exists"
    fi
done <<<"$(kubectl --namespace "$namespace" get horizontalpodautoscaler --selector "serving.kserve.io/inferenceservice=$service" \
    --output jsonpath='{range .items[*]}{.metadata.name}={.spec.scaleTargetRef.name}{"\n"}{end}')"
say "ready: $(kubectl --namespace "$namespace" get inferenceservice "$service" --output jsonpath='{.status.url}') (through the gateway)"
