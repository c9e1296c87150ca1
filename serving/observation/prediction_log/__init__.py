"""What was asked and answered, sampled and written beside the requests: see ``tenure.prediction_log``."""

from serving.observation.prediction_log.observer import PredictionLog, sampled
from serving.observation.prediction_log.options import Options, add_options, read_options
from serving.observation.prediction_log.sink import Sink
from serving.observation.prediction_log.writer import Writer

__all__ = ["Options", "PredictionLog", "Sink", "Writer", "add_options", "read_options", "sampled"]
