"""Every setting with its type, default and help; the only reader of the environment."""

from tidings.settings.model import Settings
from tidings.settings.reading import foreign_variables, load
from tidings.settings.spellings import ListenAddress

__all__ = ["ListenAddress", "Settings", "foreign_variables", "load"]
