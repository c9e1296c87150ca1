#!/usr/bin/env bash
# Install what Tenure needs into the cluster of the current context: metrics-server, cert-manager, Gateway API,
# Envoy Gateway, KServe (Standard mode), Kubeflow Pipelines. Part of `make kind-up`; not for clusters that have them.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../versions.env
source "$k8s/versions.env"
need_cluster
need helm "install Helm, 3.14 or newer"

release() {
    local name=$1 chart=$2 version=$3 namespace=$4
    shift 4
    say "$name $version"
    local output
    output=$(helm upgrade --install "$name" "$chart" --version "$version" --namespace "$namespace" --create-namespace "$@" 2>&1) || {
        # An interrupted upgrade leaves the release locked; release the lock and try once more.
        if [[ $output == *"another operation"* ]]; then
            helm rollback "$name" --namespace "$namespace" >/dev/null 2>&1 || helm uninstall "$name" --namespace "$namespace" >/dev/null 2>&1 || true
            output=$(helm upgrade --install "$name" "$chart" --version "$version" --namespace "$namespace" --create-namespace "$@" 2>&1) && return
        fi
        printf '%s\n' "$output" >&2
        fail "Helm could not install $name $version" "look: helm status $name --namespace $namespace; run the same command again after fixing it"
    }
}

apply() {
    kubectl apply --server-side --force-conflicts --field-manager=tenure-platform "$@" >/dev/null \
        || fail "kubectl apply $* failed" "is the address reachable from here? Run the same command again"
}

say "metrics-server $METRICS_SERVER_VERSION, for the HPA"
# kind's kubelets have self-signed certificates. The argument is added before the manifests are applied: with a patch
# afterwards, a repeated run would remove it and add it again, and restart metrics-server twice.
metrics=$(kubectl create --dry-run=client --output json --filename "https://github.com/kubernetes-sigs/metrics-server/releases/download/$METRICS_SERVER_VERSION/components.yaml") \
    || fail "metrics-server's manifests could not be fetched" "is the address reachable from here? Run the same command again"
insecure=${metrics/\"--kubelet-use-node-status-port\"/\"--kubelet-use-node-status-port\", \"--kubelet-insecure-tls\"}
[[ $insecure != "$metrics" ]] || fail "metrics-server $METRICS_SERVER_VERSION has other arguments than this script expects" "see k8s/scripts/platform.sh"
apply --filename - <<<"$insecure"
rollout kube-system deployment/metrics-server

say "cert-manager $CERT_MANAGER_VERSION"
apply --filename "https://github.com/cert-manager/cert-manager/releases/download/$CERT_MANAGER_VERSION/cert-manager.yaml"
for name in cert-manager cert-manager-cainjector cert-manager-webhook; do rollout cert-manager "deployment/$name"; done

say "Gateway API $GATEWAY_API_VERSION"
apply --filename "https://github.com/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API_VERSION/standard-install.yaml"

say "Envoy Gateway $ENVOY_GATEWAY_VERSION: its own CRDs"
crds=$(helm template envoy-gateway-crds oci://docker.io/envoyproxy/gateway-crds-helm --version "$ENVOY_GATEWAY_VERSION" \
    --set crds.gatewayAPI.enabled=false --set crds.envoyGateway.enabled=true) \
    || fail "Helm cannot fetch Envoy Gateway's chart $ENVOY_GATEWAY_VERSION" "is the chart registry reachable from here?"
apply --filename - <<<"$crds"
release envoy-gateway oci://docker.io/envoyproxy/gateway-helm "$ENVOY_GATEWAY_VERSION" envoy-gateway-system --skip-crds \
    --set crds.gatewayAPI.safeUpgradePolicy.enabled=false
rollout envoy-gateway-system deployment/envoy-gateway

release kserve-crd oci://ghcr.io/kserve/charts/kserve-crd "$KSERVE_VERSION" kserve
release kserve-resources oci://ghcr.io/kserve/charts/kserve-resources "$KSERVE_VERSION" kserve \
    --set kserve.controller.deploymentMode=Standard \
    --set kserve.controller.gateway.ingressGateway.enableGatewayApi=true \
    --set kserve.controller.gateway.ingressGateway.className=envoy \
    --set kserve.controller.gateway.ingressGateway.kserveGateway=kserve/kserve-ingress-gateway \
    --set kserve.controller.gateway.disableIstioVirtualHost=true
rollout kserve deployment/kserve-controller-manager
# The chart's stock runtimes are validated by KServe's webhook, which is not available at once.
webhook_answers() { [[ -n $(kubectl --namespace kserve get endpoints kserve-webhook-server-service --output jsonpath='{.subsets[*].addresses[*].ip}') ]]; }
retry 120 webhook_answers >/dev/null \
    || fail "KServe's webhook has no endpoint" "look: kubectl --namespace kserve logs deployment/kserve-controller-manager"
release kserve-runtime-configs oci://ghcr.io/kserve/charts/kserve-runtime-configs "$KSERVE_VERSION" kserve --set kserve.servingruntime.enabled=true

say "the gateway, on node port 30080"
apply --kustomize "$k8s/platform/gateway"
kubectl --namespace kserve wait --for=condition=Programmed gateway/kserve-ingress-gateway --timeout=300s >/dev/null 2>&1 || {
    explain envoy-gateway-system
    fail "the gateway is not programmed after 300 s" "look: kubectl --namespace kserve describe gateway kserve-ingress-gateway"
}

say "Kubeflow Pipelines $KFP_VERSION (several minutes)"
pipelines=https://github.com/kubeflow/pipelines/manifests/kustomize
apply --kustomize "$pipelines/cluster-scoped-resources?ref=$KFP_VERSION&timeout=180s"
kubectl wait --for=condition=Established --timeout=120s crd/applications.app.k8s.io >/dev/null
apply --kustomize "$pipelines/env/platform-agnostic?ref=$KFP_VERSION&timeout=180s"
apply --kustomize "$k8s/platform/pipelines"
kubectl --namespace kubeflow patch deployment ml-pipeline --type=strategic --patch-file "$k8s/platform/pipelines/api-server-patch.yaml" >/dev/null \
    || fail "the API server's configuration could not be mounted" "look: kubectl --namespace kubeflow describe deployment ml-pipeline"
for name in mysql seaweedfs workflow-controller ml-pipeline ml-pipeline-persistenceagent ml-pipeline-scheduledworkflow ml-pipeline-ui; do
    rollout kubeflow "deployment/$name" 900
done
say "the platform is ready"
