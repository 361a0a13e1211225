"""The GitHub world: questions as values, an async client with ETags and a budget, JSON to nouns, logs, actions."""
