"""What a reviewer must know of a plan, in no medium yet: words, numbers and places, unescaped.

Markdown, HTML and the checks read this, so that all say the same. Whatever came from outside is marked
`Foreign`; a medium escapes it and nothing else.
"""
