"""Markdown for comments and job summaries. Nothing foreign reaches it but through `escape`.

What does not fit is left out in whole sections or whole rows, and the text says so.
"""
