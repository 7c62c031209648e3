"""Frozen nouns of the domain. No I/O, no clock, nothing of the layers above.

Values that never leave the process are dataclasses; values that are files (`plan`, `documents`) are frozen
pydantic models, and are not imported by the modules that must load fast.
"""
