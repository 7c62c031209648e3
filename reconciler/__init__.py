"""Packages as code: plan and apply what clients are sold, and see which clients a change touches."""

__version__ = "0.1.0"
