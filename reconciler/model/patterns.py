r"""Regular expressions of the file formats, in the subset that ECMAScript, Rust and Python agree on.

Python alone lets `$` match before a final line break: whoever matches with `re` replaces it by `\Z`.
"""

from __future__ import annotations

from typing import Final

KEY_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
"""Keys of features and limits."""

TERM_PATTERN: Final = r"^((features|limits)/)?[a-z][a-z0-9_]{0,63}$"
"""A feature, limit or cap, as an acknowledgement names it."""

PACKAGE_KEY_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,63}$"
"""Keys of packages and names of environments."""

LINE_PATTERN: Final = r"^[^\n\t]*[^\s][^\n\t]*$"
"""Text on one line that is not only space."""

SHARE_PATTERN: Final = r"^([1-9][0-9]?|100)%$"
DATE_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
URL_PATTERN: Final = r"^[a-z][a-z0-9+.-]*://[^\s]*$"
RULE_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
VARIABLE_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
"""Names of environment variables."""
