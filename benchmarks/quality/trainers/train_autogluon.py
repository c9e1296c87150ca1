"""AutoGluon's ``best_quality``, in an environment of its own: run with its Python, it imports nothing of Tenure.

    python train_autogluon.py SECONDS SPLIT OUT

The limit is one of processor time, so that it means the same beside other work: the clocks that AutoGluon and its
models read return the processor seconds of this process and its children, divided by ``CORES``. Models are fitted in
this process one after the other; without ``ray`` in the environment AutoGluon does so by itself.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from outcome import processor_s, row_s, write

CORES = 2
LATENCY_ROWS = 6


def install_processor_clock() -> None:
    """Before anything of AutoGluon is imported: its modules take ``time.time`` by name."""
    for name in ("time", "monotonic", "perf_counter"):
        started = getattr(time, name)() - processor_s() / CORES
        setattr(time, name, lambda started=started: started + processor_s() / CORES)


def main(seconds: float, split: Path, out: Path) -> None:
    install_processor_clock()
    import pandas as pd
    from autogluon.tabular import TabularPredictor, __version__

    roles = json.loads((split / "roles.json").read_text(encoding="utf-8"))
    learn, test = (pd.read_parquet(split / f"{name}.parquet") for name in ("learn", "test"))
    for name in roles["features"]:
        if pd.api.types.infer_dtype(learn[name], skipna=True) == "date":  # to AutoGluon a text, if it is left so
            learn[name], test[name] = pd.to_datetime(learn[name]), pd.to_datetime(test[name])
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(label="_label", eval_metric="log_loss", path=folder, verbosity=2)
        predictor.fit(
            learn[[*roles["features"], "_label"]],
            presets="best_quality",
            time_limit=seconds,
            num_cpus=CORES,
            num_gpus=0,
        )
        trained_s = processor_s()
        features = test[roles["features"]]
        probability = predictor.predict_proba(features)[1].to_numpy()
        predictor.persist()
        rows = [features.iloc[[row]] for row in range(LATENCY_ROWS)]
        figures = {
            "processor_s": trained_s,
            "row_s": row_s(predictor.predict_proba, rows),
            "bytes": predictor.disk_usage(),
            "model": predictor.model_best,
            "models": len(predictor.model_names()),
            "version": __version__,
        }
    write(out, probability, figures)


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
