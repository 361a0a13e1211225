"""The GitHub world: async client, JSON to nouns, logs, actions."""
