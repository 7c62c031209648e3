"""The safe subset of YAML 1.2, straight from libyaml's events.

`load` is fast and says only yes; `inspect` is three times slower, keeps the place of every key and value, and
names every fault. Both refuse the same files. Nothing is ever composed or constructed by PyYAML: no tag,
anchor, alias or merge key survives, and depth is checked before a value exists.
"""

from reconciler.sources.yaml.fast import DoubtfulError, load
from reconciler.sources.yaml.inspection import Fault, Inspection, Path, Place, inspect

__all__ = ["DoubtfulError", "Fault", "Inspection", "Path", "Place", "inspect", "load"]
