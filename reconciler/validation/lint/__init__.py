"""Advice about files that are valid: what somebody probably did not mean.

Pure; one module per kind of advice, all warnings, each of which the configuration can turn off with a reason.
Archived packages are left alone: nobody is sold them.
"""
