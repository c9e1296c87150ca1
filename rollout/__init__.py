"""Rollout of a new model version by canary: ``python -m rollout --help``.

limits, plan, state     what is wanted, and where a rollout stands
evidence, comparison    the sequential test: is the canary worse than stable by more than is tolerated?
policy                  a pure function: (state, observation, limits) → advance, hold, roll back, promote
prometheus              what both sides did, from their metrics
spec, view              InferenceService documents: edits, and what cluster objects say
traffic                 the only file that talks to a cluster
registry                the alias in MLflow, which moves with promotion
shadow                  replay of the prediction log against a canary that has no traffic yet
loop                    the controller: look, decide, write down, act
"""
