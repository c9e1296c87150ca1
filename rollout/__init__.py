"""Rollout of a new model version by canary: ``python -m rollout --help``.

limits       the limits of a rollout, as the plan carries them
evidence/    what both sides did (window), from their metrics (prometheus) or from replayed requests (replay); the
             sequential test (e_process, comparison): is the canary worse than stable by more than is tolerated?
policy/      plan and state, and a pure function: (state, observation, limits) → advance, hold, roll back, promote
traffic/     the cluster: the InferenceService that a state requires, its progress, the rollout's own objects; one file
             (cluster) makes the requests
registry     the alias in MLflow, which moves with promotion
loop/        start writes the plan; the controller observes, decides, records, acts
commands/    one file for each command of cli
"""
