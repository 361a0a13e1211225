"""Workflow files: YAML to nouns within bounds, job names to ids, the graph of `needs` and its critical path."""
