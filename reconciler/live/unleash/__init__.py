"""Unleash as a platform: flags are features and limits, segments are packages, their values are clients.

A package is a segment whose constraint names its clients. It grants a feature by a strategy of the feature's
flag that is for this segment alone, and an amount by one whose variant carries it. Whatever else a flag has,
grants nothing to anybody here.
"""

from reconciler.live.unleash.product import open_unleash

__all__ = ["open_unleash"]
