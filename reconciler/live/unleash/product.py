"""What the segments and flags of an Unleash mean."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from reconciler.errors import BlockedError, InvalidError
from reconciler.live.beside import Package, Seen, open_beside
from reconciler.live.beside.opening import parameters_of
from reconciler.live.http.transport import Transport, host_in
from reconciler.live.unleash.admin import Admin, Spot, named
from reconciler.model.forms import CLIENT_ID, PACKAGE_KEY
from reconciler.model.packages import Definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.live.port import Platform
    from reconciler.model.quantities import Quantity

_NOBODY: Final = "(nobody)"
"""A segment must name somebody; no client has such an id."""
_ARCHIVED: Final = "[archived] "
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CAPS: Final = "caps"
_STATED: Final = {"project": "default", "environment": "production", "prefix": "packages"}


@dataclass(frozen=True, slots=True)
class _State:
    """Segments by package key, flags that are there and on by name, and strategies by flag."""

    segments: Mapping[str, dict[str, Any]]
    flags: Mapping[str, bool]
    strategies: Mapping[str, list[dict[str, Any]]]

    def of_segment(self, flag: str, id_: int) -> list[dict[str, Any]]:
        """Return the strategies of a flag that are for a segment, perhaps beside others."""
        return [each for each in self.strategies.get(flag, ()) if id_ in each["segments"]]


class Unleash:
    """Implements `Product`."""

    kind: Final = "unleash"
    snapshots: Final = "none"

    def __init__(self, admin: Admin, prefix: str) -> None:
        self._admin = admin
        self._prefix = prefix

    def seen(self) -> Seen:
        """See `Product`; of who is in two segments, the package that comes first in the alphabet counts."""
        state = self._state()
        packages = {key: self._package(state, key, segment) for key, segment in state.segments.items()}
        found = ((id_, key) for key in sorted(packages, reverse=True) for id_ in _values(state.segments[key]))
        return Seen(packages, dict(found))

    def write(self, key: str, package: Package, *, renamed_from: str | None = None) -> None:
        """See `Product`; what is given comes before what is taken."""
        state = self._state()
        segment = self._described(state.segments.get(renamed_from or key), key, package)
        wanted = _granted(package.definition)
        for flag in sorted(wanted.keys() - state.flags.keys()):
            self._admin.create_flag(self._full(flag))
        for flag, amount in sorted(wanted.items()):
            self._grant(state, flag, segment, amount)
        for flag in sorted(state.strategies.keys() - wanted.keys()):
            for strategy in state.of_segment(flag, segment["id"]):
                self._admin.delete_strategy(self._full(flag), strategy["id"])

    def place(self, packages: Mapping[str, str | None]) -> None:
        """See `Product`; whoever changes is in both packages for an instant, never in none."""
        segments = self._state().segments
        most = self._admin.most_clients()
        into: dict[str, list[str]] = {key: [] for key in segments}
        for id_, key in packages.items():
            if key is not None:
                into[key].append(id_)
        for key, ids in into.items():
            values = sorted({*_values(segments[key]), *ids})
            if len(values) > most:
                raise BlockedError(
                    f"package `{key}` would have {len(values):,} clients, and a segment of this Unleash "
                    f"takes {most:,}",
                    hint="Raise Unleash's limit of values in a segment, or split the package.",
                )
        for key, ids in into.items():
            self._name_clients(segments[key], {*_values(segments[key]), *ids})
        for key, ids in into.items():
            left = {id_ for id_ in _values(segments[key]) if packages.get(id_, key) == key}
            self._name_clients(segments[key], {*left, *ids})

    def _state(self) -> _State:
        exported = self._admin.export()
        segments = named(self._admin.segments(), self._prefix)
        on = {each["featureName"] for each in exported["featureEnvironments"] if each["enabled"]}
        flags = named(exported["features"], self._prefix)
        strategies: dict[str, list[dict[str, Any]]] = {flag: [] for flag in flags}
        for each in exported["featureStrategies"]:
            flag = each["featureName"].removeprefix(f"{self._prefix}.")
            if self._full(flag) == each["featureName"]:
                strategies.setdefault(flag, []).append(each)
        return _State(
            {key: each for key, each in segments.items() if not PACKAGE_KEY.fault(key)},
            {flag: each["name"] in on for flag, each in flags.items()},
            strategies,
        )

    def _package(self, state: _State, key: str, segment: dict[str, Any]) -> Package:
        said = segment["description"] or key
        title, _, description = said.removeprefix(_ARCHIVED).partition("\n\n")
        document: dict[str, Any] = {"title": title, "description": description, "features": [], "limits": {}}
        for flag in (flag for flag, is_on in state.flags.items() if is_on):
            section, _, term = flag.partition(".")
            for strategy in state.of_segment(flag, segment["id"]):
                amount = _amount(strategy)
                if not _is_exact(strategy, self._strategy(flag, segment, amount)):
                    continue
                match section:
                    case "features":
                        document["features"].append(term)
                    case "limits":
                        document["limits"][term] = amount
                    case _:
                        document[term] = amount
        return Package(Definition.normalised(document), said.startswith(_ARCHIVED))

    def _described(self, segment: dict[str, Any] | None, key: str, package: Package) -> dict[str, Any]:
        """Have the segment say what the package is called, and return it."""
        definition = package.definition
        said = f"{_ARCHIVED if package.archived else ''}{definition.title}"
        said += f"\n\n{definition.description}" if definition.description else ""
        told = {"name": self._full(key), "description": said}
        if segment is None:
            return self._admin.save_segment({**told, "constraints": [_naming(())]})
        if told.items() <= segment.items():
            return segment
        return self._admin.save_segment({**segment, **told})

    def _grant(self, state: _State, flag: str, segment: dict[str, Any], amount: Quantity | None) -> None:
        """Have the flag's one strategy for the segment be exactly this, and the flag be on."""
        wanted, name = self._strategy(flag, segment, amount), self._full(flag)
        if not any(not each["segments"] for each in state.strategies.get(flag, ())):
            self._admin.save_strategy(name, _for_nobody(name))
        first, *more = state.of_segment(flag, segment["id"]) or [None]
        if first is None or not _is_exact(first, wanted):
            self._admin.save_strategy(name, wanted, first and first["id"])
        for each in more:
            self._admin.delete_strategy(name, each["id"])
        if not state.flags.get(flag):
            self._admin.switch_on(name)

    def _strategy(self, flag: str, segment: dict[str, Any], amount: Quantity | None) -> dict[str, Any]:
        variants = [] if amount is None else [_carrying(amount)]
        return {**_for_nobody(self._full(flag), share=100), "title": segment["name"]} | {
            "segments": [segment["id"]],
            "variants": variants,
        }

    def _name_clients(self, segment: dict[str, Any], ids: set[str]) -> None:
        if sorted(ids) != sorted(_values(segment)):
            segment["constraints"] = [_naming(sorted(ids))]
            self._admin.save_segment(segment)

    def _full(self, name: str) -> str:
        return f"{self._prefix}.{name}"


def _granted(definition: Definition) -> dict[str, Quantity | None]:
    """Return the flags that a package is in, with what they carry; features carry nothing."""
    return {
        **{f"features.{each}": None for each in definition.features},
        **{f"limits.{key}": amount for key, amount in definition.limits.items()},
        **{f"{_CAPS}.{key}": amount for key, amount in definition.caps.items()},
    }


def _for_nobody(flag: str, share: int = 0) -> dict[str, Any]:
    """Return what every flag has: one that is on and has no strategy would be everybody's."""
    return {
        "name": "flexibleRollout",
        "title": "nobody",
        "constraints": [],
        "parameters": {"rollout": str(share), "stickiness": "default", "groupId": flag},
        "segments": [],
        "variants": [],
        "disabled": False,
    }


def _carrying(amount: Quantity) -> dict[str, Any]:
    kind = "string" if isinstance(amount, str) else "number"
    variant = {"name": "amount", "weight": 1000, "weightType": "variable", "stickiness": "default"}
    return {**variant, "payload": {"type": kind, "value": str(amount)}}


def _amount(strategy: dict[str, Any]) -> Quantity | None:
    match strategy["variants"]:
        case [{"payload": {"value": "unlimited"}}]:
            return "unlimited"
        case [{"payload": {"value": str(text)}}] if text.isdecimal():
            return int(text)
        case _:
            return None


def _is_exact(strategy: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether it gives what is wanted to all of the segment and nobody else, whatever it is called."""
    return {**wanted, "title": ""} == {**{name: strategy.get(name) for name in wanted}, "title": ""}


def _values(segment: dict[str, Any]) -> list[str]:
    """Return whom a segment names; raises `InvalidError` for what is no client's id."""
    match segment["constraints"]:
        case [{"contextName": "userId", "operator": "IN", "values": [*values]}]:
            ids = [value for value in values if value != _NOBODY]
        case _:
            raise InvalidError(
                f"segment {segment['name']} is not made of one constraint, `userId IN …`",
                hint="Correct it in Unleash.",
            )
    for id_ in ids:
        if CLIENT_ID.fault(id_):
            raise InvalidError(
                f"segment {segment['name']} names {id_!r}, which is no client's id",
                hint="Correct it in Unleash.",
            )
    return ids


def _naming(ids: list[str] | tuple[()]) -> dict[str, Any]:
    return {"contextName": "userId", "operator": "IN", "values": list(ids) or [_NOBODY]}


@contextmanager
def open_unleash(url: str, *, root: Path, token: str | None) -> Iterator[Platform]:
    """Open `unleash+https://HOST?store=DATABASE`; also `environment`, `project` and `prefix` may be stated.

    Raises `InvalidError` for an address that cannot be one, or that would send the token unencrypted.
    """
    stated = {**_STATED, **parameters_of(url)}
    store = stated.pop("store", None)
    parts = urlsplit(url.removeprefix("unleash+"))
    address = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    host = host_in(address)
    is_odd = stated.keys() != _STATED.keys() or not all(map(_NAME.fullmatch, stated.values()))
    if host is None or store is None or is_odd or (parts.scheme == "http" and not host.is_here):
        raise InvalidError(
            f"there is no Unleash at {url!r}",
            hint="Write unleash+https://HOST?environment=production&store=sqlite:///packages.db; `project` "
            "and `prefix` may be stated too.",
        )
    with ExitStack() as stack:
        transport = Transport(address, token)
        stack.callback(transport.close)
        spot = Spot(**stated)
        product = Unleash(Admin(address, transport, token, spot), spot.prefix)
        yield stack.enter_context(open_beside(product, store, root=root))
