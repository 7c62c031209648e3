"""Files, streams and git to values. What lives here reads and writes; it judges nothing by itself.

Whatever is wrong with what it reads becomes a finding, never a traceback, in bounded time and memory.
"""
