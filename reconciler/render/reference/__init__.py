"""Reference documentation from what the program itself holds. Pure: values in, pages out.

All text here is the project's own, so that nothing needs to be escaped beyond what its medium reads.
"""
