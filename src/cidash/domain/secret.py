"""A token that does not show itself: in a repr, an f-string, a log line or a traceback."""


class Secret:
    """Holds a token. `reveal()` is the only way to it, called where a header is built and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Returns the token itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> "tuple[type[Secret], tuple[str]]":
        raise TypeError("a Secret is not pickled")
