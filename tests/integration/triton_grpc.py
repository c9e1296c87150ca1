"""One session of Triton's gRPC client, as a program: in KServe's process its messages clash with KServe's.

Reads a request (JSON, V2) from standard input; writes what came of it.
"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton

KINDS = {"BYTES": object, "FP64": float, "INT64": np.int64, "BOOL": bool}


def inputs(document: dict) -> list:
    found = []
    for entry in document["inputs"]:
        tensor = triton.InferInput(entry["name"], [*entry["shape"], 1], entry["datatype"])
        values = np.array(entry["data"], dtype=KINDS[entry["datatype"]])
        tensor.set_data_from_numpy(values.reshape(-1, 1))
        found.append(tensor)
    return found


def refusal(call: object, *arguments: object) -> str:
    try:
        call(*arguments)
    except triton.InferenceServerException as error:
        return str(error)
    return "no refusal"


def main() -> None:
    document = json.load(sys.stdin)
    with triton.InferenceServerClient(sys.argv[1]) as client:
        metadata = client.get_model_metadata("telco")
        answer = client.infer("telco", inputs(document))
        told = {
            "ready": client.is_model_ready("telco"),
            "versions": list(metadata.versions),
            "inputs": len(metadata.inputs),
            "probability": answer.as_numpy("probability").tolist(),
            "other": refusal(client.infer, "other", inputs(document)),
            "missing": refusal(client.infer, "telco", inputs(document)[1:]),
            "unload": refusal(client.unload_model, "telco"),
            "still_ready": client.is_model_ready("telco"),
        }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
