r"""What keys, ids, names and lines look like on every way in: files, imports, HTTP, an embedded platform.

Regular expressions are in the subset that ECMAScript (with the flag `u`), Rust and Python agree on. Python
alone lets `$` match before a final line break: whoever matches with `re` replaces it by `\Z`.
"""

from __future__ import annotations

from typing import Final

KEY_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
"""Keys of features and limits."""

TERM_PATTERN: Final = r"^((features|limits)/)?[a-z][a-z0-9_]{0,63}$"
"""A feature, limit or cap, as an acknowledgement names it."""

PACKAGE_KEY_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,63}$"
"""Keys of packages and names of environments."""

_ID_CHARACTERS: Final = "[A-Za-z0-9_][A-Za-z0-9._:@|+=,~-]*"
CLIENT_ID_PATTERN: Final = f"^{_ID_CHARACTERS}(/{_ID_CHARACTERS})*$"
"""Ids as other systems have them: numbers, UUIDs, slugs, `org:123`, `auth0|5f7c`, `ops@acme`, `group/acme`.

ASCII alone, so that what looks alike is alike, and an id can be typed, named in a path, and is never an
option of a command or a step out of a folder.
"""

INVISIBLE: Final = (
    r"\u0000-\u001f\u007f-\u009f"  # for control
    r"\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
"""Characters that are not drawn, or that change how others are: two texts with them may look like one.

The last line is of the characters themselves: the three dialects have no common escape beyond U+FFFF.
"""

_SPACES: Final = r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+"

LINE_PATTERN: Final = rf"^[^\s{INVISIBLE}]+({_SPACES}[^\s{INVISIBLE}]+)*$"
"""One line of visible characters, with no space at either end: titles, names, reasons."""

TEXT_PATTERN: Final = r"^[^\u0000]*$"
"""Text of any number of lines; no database keeps the character that is left out."""

EMAIL_PATTERN: Final = rf"^[ ]*[^@\s{INVISIBLE}]{{1,64}}@[^@\s{INVISIBLE}]{{1,255}}[ ]*$"
"""What an e-mail address looks like from afar; `emails` looks closer."""

DAYS_PATTERN: Final = r"^(0|[1-9][0-9]{0,3}) days?$"
HASH_PATTERN: Final = r"^sha256:[0-9a-f]{1,64}$"
SHARE_PATTERN: Final = r"^([1-9][0-9]?|100)%$"
DATE_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
URL_PATTERN: Final = r"^[a-z][a-z0-9+.-]*://[^\s]*$"
ISSUER_PATTERN: Final = (
    r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?)(/[^\s?#]*)?$"
)
"""Addresses of OpenID Connect issuers: encrypted, or not further than this machine."""

NETWORK_PATTERN: Final = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]*:[0-9a-f:]*)(/[0-9]{1,3})?$"
"""Addresses of the Internet, and networks of them."""

FILE_PATTERN: Final = r"^/[^\s,=]+$"
"""Whole paths of files that hold a secret, which `RECONCILER_TOKEN_HOSTS` can name."""

RULE_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
VARIABLE_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
"""Names of environment variables."""
