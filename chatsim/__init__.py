"""chatsim: scripted bots against any chat server, judged from what every bot heard."""

__all__ = ["__version__"]

__version__ = "0.1.0"
