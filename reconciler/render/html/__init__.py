"""The plan as one HTML page: no script, nothing fetched, a policy that forbids both.

Templates escape everything by themselves; `Markup` is made in `words` alone.
"""
