"""What can be wrong with the history file."""


class HistoryError(Exception):
    """The history can't be used; `str()` is one sentence that says what, where and what to do."""
