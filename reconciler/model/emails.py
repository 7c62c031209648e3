"""Whether an e-mail address can exist, without asking any network."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN: Final = re.compile(
    rf"[a-z0-9_%+-]{{1,20}}(?:\.[a-z0-9_%+-]{{1,20}}){{0,2}}@{_LABEL}(?:\.{_LABEL}){{0,2}}"
    r"\.(?:com|net|org|io|dev|example|[a-z]{2})\Z"
)
_HAS_PREFIXED_LABEL: Final = re.compile(r"[@.]..--")


def fault_of(address: str) -> str:
    """Return what is wrong with a normalised address, or an empty string."""
    if is_plain(address):
        return ""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  # 60 ms; rarely needed

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return str(error).rstrip(".")
    return ""


def is_plain(address: str) -> bool:
    """Whether an address is one of those that nothing can be wrong with, as most are."""
    return bool(_PLAIN.match(address)) and not ("--" in address and _HAS_PREFIXED_LABEL.search(address))


def normal_email(email: str) -> str:
    """Matching of e-mail addresses ignores case and surrounding space (rule 5).

    A domain has one spelling, that of the DNS: `münchen.example` is `xn--mnchen-3ya.example`.
    """
    address = email.strip().lower()
    return address if address.isascii() else _in_the_dns(address)


@lru_cache(maxsize=4_096)
def _in_the_dns(address: str) -> str:
    """Return the address with the domain as the DNS has it; one that cannot exist as it is."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  # 60 ms; rarely needed

    try:
        known = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return address
    return f"{known.local_part}@{known.ascii_domain}"
