"""cidash: a CI/CD dashboard in the terminal. This module holds the version alone and imports nothing."""

__version__ = "0.1.0"
