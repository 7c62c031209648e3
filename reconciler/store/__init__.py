"""SQL: the tables of the embedded platform and the statements on them, on SQLAlchemy Core.

What lives here takes a connection and nouns, and gives nouns. Which transaction a statement runs in, and
which rule of the domain allows it, is decided above. What differs between databases is in `dialects`, and
nowhere else.
"""
