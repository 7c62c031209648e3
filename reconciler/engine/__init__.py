"""One use case per command: sources, planning and live put together. No output, no argv, no clock.

A function that only looks is given a `PlatformReader`; only those that write are given a `Platform`.
"""
