"""Controls: pure functions from what could be read of a repository to verdicts with evidence."""
