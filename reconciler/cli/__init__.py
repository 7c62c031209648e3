"""The command line: arguments, environment variables, clock, terminal and exit codes, and no rules.

Only here are those read. One module per command, imported when the command runs; a command parses, makes one
call of the engine, renders, and returns its exit code. stdout carries data, stderr messages.
"""

import gc

gc.set_threshold(100_000)
# Hardly anything is a cycle here; looking for some after each 700 objects takes a twentieth of `--help`,
# which is mostly imports, and up to a tenth of a plan.
