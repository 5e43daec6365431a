"""The version, in a module of its own: what needs it need not import what the package offers."""

__all__ = ["__version__"]

__version__ = "0.1.0"
