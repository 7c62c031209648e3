"""Catalogs and packages that other tools wrote, as documents of ours.

Each format has one function from bytes to an `Import`. None guesses: what has no place here is told in a
remark.
"""
