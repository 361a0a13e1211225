"""The Jira world: async client, JSON to nouns, transitions."""
