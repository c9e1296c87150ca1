# Targets for a cluster, included by the Makefile at the root. Every target but kind-* works against any cluster that
# KUBECONFIG names and that has KServe and Kubeflow Pipelines.

OVERLAY ?= kind
PIPELINE ?= training
export OVERLAY

.PHONY: images images-pin k8s-render kind-up kind-load deploy submit schedule e2e kind-down

images: ## Build the images server, pipeline and rollout with docker, podman or buildah
	@bash images/build.sh

images-pin: ## Pin the base image to the digest that its tag has now
	@bash images/pin.sh

k8s-render: ## Print the manifests of OVERLAY (kind, production, or a path) serving MODEL_URI
	@bash k8s/scripts/render.sh $(OVERLAY) $(MODEL_URI)

kind-up: ## Start a kind cluster with gateway, KServe and Kubeflow Pipelines; repeatable
	@bash k8s/scripts/kind-up.sh

kind-load: ## Build the images of this revision and load them into the kind cluster
	@bash k8s/scripts/kind-load.sh

deploy: ## Apply OVERLAY to the cluster of the current context and wait until it is ready
	@bash k8s/scripts/deploy.sh

submit: $(VENV)/local.stamp ## Run PIPELINE (training, scoring, monitoring) on the cluster's Kubeflow and wait for its end
	@BIN=$(BIN) DATASET=$(DATASET) PIPELINE=$(PIPELINE) bash k8s/scripts/submit.sh

schedule: $(VENV)/local.stamp ## Run PIPELINE at the times of CRON, as in CRON="0 0 3 * * *"
	@BIN=$(BIN) DATASET=$(DATASET) PIPELINE=$(PIPELINE) CRON='$(CRON)' bash k8s/scripts/submit.sh schedule

e2e: $(VENV)/dev.stamp ## Test a deployed cluster end to end (kind's is known; others: tests/e2e/README.md)
	@BIN=$(BIN) bash k8s/scripts/e2e.sh

kind-down: ## Delete the kind cluster and everything in it
	@bash k8s/scripts/kind-down.sh
