"""The stock server: ``kserve.Model`` with a DMatrix and ``Booster.predict``, one tensor of preprocessed floats."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a booster in UBJSON")
    parser.add_argument("http_port")
    parser.add_argument("grpc_port")
    given = parser.parse_args()
    # KServe reads the command line while it is imported.
    sys.argv = [sys.argv[0], "--http_port", given.http_port, "--grpc_port", given.grpc_port]

    import kserve
    import xgboost
    from kserve.utils.utils import get_predict_input, get_predict_response

    class Stock(kserve.Model):  # type: ignore[misc]  # it has no type stubs
        """As KServe's own xgbserver does it."""

        def load(self) -> bool:
            self.booster = xgboost.Booster(params={"nthread": 1}, model_file=given.model)
            self.ready = True
            return True

        def predict(self, payload: Any, *_: Any, **__: Any) -> Any:
            rows = xgboost.DMatrix(np.asarray(get_predict_input(payload)), nthread=1)
            return get_predict_response(payload, self.booster.predict(rows), self.name)

    model = Stock("telco")
    model.load()
    kserve.ModelServer(workers=1).start([model])


if __name__ == "__main__":
    main()
