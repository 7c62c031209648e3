"""Plans, findings and clients as strings, one module per medium and noun.

Pure: width, colour and instants are arguments; nothing here reads a terminal, an environment or a clock.
Nothing from outside reaches a terminal but through `sanitise`, which `Paper` does for every text it is given.
"""
