"""A job's log as it is looked at: where its lines, steps and groups are, what a line shows, where a text is found.

Pure: bytes come in, positions and texts come out. The file itself is read by whoever holds it.
"""
