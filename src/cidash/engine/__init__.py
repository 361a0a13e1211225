"""Keeps the snapshot true: cadence, budget, poll loop, commands. asyncio only, no Textual."""
