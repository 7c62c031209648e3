"""The loop that keeps a platform true to a branch: one cycle at a time, told as events.

No clock, no waiting and no output: the command line gives each cycle its instant and says what happened.
"""
