"""The one error of this room: a sentence that names the file, the key and what to do."""

from cidash.domain.text import clean


class ConfigError(Exception):
    """What the user wrote can't be used. `str()` is the whole sentence, clean, without any token; exit code 64."""

    def __init__(self, sentence: str) -> None:
        super().__init__(clean(sentence, 1200))
