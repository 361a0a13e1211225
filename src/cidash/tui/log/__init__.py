"""The log of one job on a screen of its own."""
