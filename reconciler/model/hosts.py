"""Hosts, as they are compared before a secret is shown to one."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec import Struct


class Host(Struct, frozen=True):
    """One end of connections.

    Attributes:
        name: In lower case and without a dot at its end.
        port: None for the usual one of what is spoken there.
    """

    name: str
    port: int | None = None

    @classmethod
    def of(cls, name: str, port: int | None, usual: int) -> Host:
        """Make one of what an address states; `usual` is the port that needs no stating."""
        return cls(name.lower().removesuffix("."), None if port == usual else port)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, by a name or number that cannot mean another."""
        try:
            return ip_address(self.name).is_loopback
        except ValueError:
            return self.name == "localhost"

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"
