"""`init`: a repository of packages, from nothing or beside what is there.

`files` holds what is written, as it is written.
"""
