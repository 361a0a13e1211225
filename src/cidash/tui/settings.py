"""What can be wrong with the user's settings of the screen."""


class SettingError(ValueError):
    """A setting of the screen can't be used; the text is a whole sentence."""
