"""The layout of a YAML file: its comments, order and quoting, kept apart from what it says.

Text in, text out; nothing here reads a file. Only text that the safe subset (`sources.yaml`) accepts may come
in, and whatever goes out says the same, with every comment that came in.
"""
