"""The GitOps loop: following a branch, its log, webhook, health, metrics and lock.

The loop is given the clock, and never looks at argv or a terminal. One cycle lets nothing of a commit decide
where it writes: the platform is the operator's.
"""
