"""The verbs: pure functions from nouns to nouns."""
