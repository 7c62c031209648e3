"""What is said of a plan, decided once and in no medium: verdict, figures, entries, blockers, grid.

Pure. Sentences are tuples of `Span`, each of which knows how it is to be taken and whether somebody else
wrote it; a medium lays them out and escapes what is not ours. No medium counts, sorts or words anything.
"""
