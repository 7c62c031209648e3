"""The safe subset of YAML 1.2, straight from libyaml's events.

`fast.load` says only yes; `inspection.inspect` is three times slower, keeps the place of every key and value,
and names every fault. Both refuse the same files. Nothing is ever composed or constructed by PyYAML: no tag,
anchor, alias or merge key survives, and depth is checked before a value exists.
"""
