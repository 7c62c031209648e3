"""Text for people at a terminal, wrapped to a width, in colour or without; colour never says something alone.

Lines are laid out by `ink.Paper` alone. It is a few dozen lines and not rich, since a first plan of ten
thousand packages must print in about a second, and `validate` must not pay for an import.
"""
