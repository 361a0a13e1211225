"""The GitHub world: questions as values, an async client with ETags and a budget, JSON to nouns, logs, actions."""

from cidash.late import late

late(__name__, "acting_queries", "artifacts", "cache_queries", "past_queries", "protection")
