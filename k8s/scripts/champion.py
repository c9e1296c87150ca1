"""Print the URI of the registry's champion's bundle; nothing if there is no champion. Runs inside MLflow's pod.

Argument: the registered model's name, or "" where the registry has one model with a champion.
"""

import os
import sys

BUNDLE_PATH = "data/bundle"
"""Path of the bundle in a version's artifacts, as in tenure.tracking.packaging, which MLflow's image does not have."""


def main(name: str) -> str:
    from mlflow import MlflowClient

    # The database, not the server, which would ask for a password.
    uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    champions = {
        model.name: str(model.aliases["champion"])
        for model in client.search_registered_models()
        if "champion" in (model.aliases or {}) and name in ("", model.name)
    }
    if len(champions) > 1:
        raise SystemExit(f"several models have a champion: {', '.join(sorted(champions))}; choose one with MODEL_NAME")
    for model, version in champions.items():
        return f"{client.get_model_version_download_uri(model, version).rstrip('/')}/{BUNDLE_PATH}"
    return ""


if __name__ == "__main__":
    print(main(sys.argv[1] if len(sys.argv) > 1 else ""))
