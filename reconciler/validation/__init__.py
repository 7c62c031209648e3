"""What is wrong with files: documents to problems, pure.

A problem says where by the path of keys and list indexes; whoever read the file turns that into a line and a
column. Every problem names a rule of `rules`. Nothing here reads a file or knows the platform.
"""
