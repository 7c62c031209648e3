"""The command line: arguments, environment variables, clock, terminal and exit codes, and no rules.

Only here are those read. One module per command, imported when the command runs; a command parses, makes one
call of the engine, renders, and returns its exit code. stdout carries data, stderr messages.
"""
