"""Samples answered requests and writes them to the prediction log; see ``tenure.prediction_log``."""

from serving.observation.prediction_log.observer import PredictionLog, sampled
from serving.observation.prediction_log.options import Options, add_options, read_options
from serving.observation.prediction_log.sink import Sink
from serving.observation.prediction_log.start_check import check_at_start
from serving.observation.prediction_log.writer import Writer

__all__ = ["Options", "PredictionLog", "Sink", "Writer", "add_options", "check_at_start", "read_options", "sampled"]
