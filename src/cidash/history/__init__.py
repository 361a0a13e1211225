"""SQLite: finished attempts, cache states, answer bodies. What is finished never changes."""
