"""Plans, findings and clients as strings, one module per medium and noun.

What is said of a plan is decided in `story`; a medium lays it out, escapes what is not ours, and knows no
other medium.

Pure: width, colour and instants are arguments; nothing here reads a terminal, an environment or a clock.
Nothing from outside reaches a terminal but through `sanitise`, which `Paper` does for every text it is given.
"""
