"""What the segments and flags of an Unleash mean."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.errors import BlockedError, InvalidError
from reconciler.live.beside import Package, Seen, address_of, open_beside
from reconciler.live.http.transport import Transport
from reconciler.live.unleash.admin import Admin
from reconciler.model.forms import CLIENT_ID, PACKAGE_KEY
from reconciler.model.packages import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.live.port import Platform
    from reconciler.model.quantities import Quantity

_NOBODY: Final = "(nobody)"
"""A segment must name somebody; no client has such an id."""
_ARCHIVED: Final = "[archived] "
DEFAULTS: Final = {"project": "default", "environment": "production", "prefix": "packages"}


class _State(Struct, frozen=True):
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

    def __init__(self, admin: Admin, *, project: str, environment: str, prefix: str) -> None:
        self._call = admin.call
        self._flags = f"projects/{project}/features"
        self._environment, self._prefix = environment, prefix

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
        for flag, amount in sorted(wanted.items()):
            self._grant(state, flag, segment, amount)
        for flag in sorted(state.strategies.keys() - wanted.keys()):
            self._delete(flag, state.of_segment(flag, segment["id"]))

    def place(self, packages: Mapping[str, str | None]) -> None:
        """See `Product`; whoever changes is in both packages for an instant, never in none."""
        segments = self._state().segments
        most = self._call("GET", "ui-config")["resourceLimits"]["segmentValues"]
        before = {key: {*_values(segment)} for key, segment in segments.items()}
        into = {key: {id_ for id_, to in packages.items() if to == key} for key in segments}
        for key in segments:
            if len(before[key] | into[key]) > most:
                raise BlockedError(
                    f"package `{key}` would have {len(before[key] | into[key]):,} clients, and a segment of "
                    f"this Unleash takes {most:,}",
                    hint="Raise Unleash's limit of values in a segment, or split the package.",
                )
        for key, segment in segments.items():
            self._name_clients(segment, before[key] | into[key])
        for key, segment in segments.items():
            self._name_clients(segment, {id_ for id_ in before[key] if id_ not in packages} | into[key])

    def _state(self) -> _State:
        asked = {"features": [], "environment": self._environment}
        exported = self._call("POST", "features-batch/export", asked)
        segments = self._ours(self._call("GET", "segments")["segments"], "name")
        on = self._ours((each for each in exported["featureEnvironments"] if each["enabled"]), "featureName")
        return _State(
            {key: found for key, (found, *_) in segments.items() if not PACKAGE_KEY.fault(key)},
            {flag: flag in on for flag in self._ours(exported["features"], "name")},
            self._ours(exported["featureStrategies"], "featureName"),
        )

    def _ours(self, found: Iterable[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
        """Return what is named with the prefix, by the rest of its name."""
        ours: dict[str, list[dict[str, Any]]] = {}
        for each in found:
            prefix, _, rest = each[name].partition(".")
            if prefix == self._prefix and rest:
                ours.setdefault(rest, []).append(each)
        return ours

    def _package(self, state: _State, key: str, segment: dict[str, Any]) -> Package:
        said = segment["description"] or key
        title, _, description = said.removeprefix(_ARCHIVED).partition("\n\n")
        found: dict[str, dict[str, Any]] = {"features": {}, "limits": {}, "caps": {}}
        for flag in (flag for flag, is_on in state.flags.items() if is_on):
            section, _, term = flag.partition(".")
            for each in state.of_segment(flag, segment["id"]):
                if _is_exact(each, self._strategy(flag, segment, _amount(each))):
                    found.setdefault(section, {})[term] = _amount(each)
        granted = {"features": [*found["features"]], "limits": found["limits"], **found["caps"]}
        told = {"title": title, "description": description, **granted}
        return Package(Definition.normalised(told), said.startswith(_ARCHIVED))

    def _described(self, segment: dict[str, Any] | None, key: str, package: Package) -> dict[str, Any]:
        """Have the segment say what the package is called, and return it."""
        definition = package.definition
        said = f"{_ARCHIVED if package.archived else ''}{definition.title}"
        said += f"\n\n{definition.description}" if definition.description else ""
        told = {"name": self._full(key), "description": said}
        if segment is None:
            made: dict[str, Any] = self._call("POST", "segments", {**told, "constraints": [_naming(())]})
            return made
        if not told.items() <= segment.items():
            self._save(segment, told)
        return {**segment, **told}

    def _grant(self, state: _State, flag: str, segment: dict[str, Any], amount: Quantity | None) -> None:
        """Have the flag's one strategy for the segment be exactly this, and the flag be on.

        Every flag has a strategy for nobody before it is on: one without any would be everybody's.
        """
        wanted, path = self._strategy(flag, segment, amount), f"{self._at(flag)}/strategies"
        if flag not in state.flags:
            self._call("POST", self._flags, {"name": self._full(flag), "type": "permission"})
        if all(each["segments"] for each in state.strategies.get(flag, ())):
            self._call("POST", path, _rollout(self._full(flag), 0))
        found = state.of_segment(flag, segment["id"])
        if not found:
            self._call("POST", path, wanted)
        elif not _is_exact(found[0], wanted):
            self._call("PUT", f"{path}/{found[0]['id']}", wanted)
        self._delete(flag, found[1:])
        if not state.flags.get(flag):
            self._call("POST", f"{self._at(flag)}/on")

    def _delete(self, flag: str, strategies: Iterable[dict[str, Any]]) -> None:
        for each in strategies:
            self._call("DELETE", f"{self._at(flag)}/strategies/{each['id']}")

    def _strategy(self, flag: str, segment: dict[str, Any], amount: Quantity | None) -> dict[str, Any]:
        variants = [] if amount is None else [_carrying(amount)]
        of_all = {**_rollout(self._full(flag), 100), "title": segment["name"]}
        return {**of_all, "segments": [segment["id"]], "variants": variants}

    def _name_clients(self, segment: dict[str, Any], ids: set[str]) -> None:
        if sorted(ids) != sorted(_values(segment)):
            segment["constraints"] = [_naming(sorted(ids))]
            self._save(segment, {})

    def _save(self, segment: dict[str, Any], told: Mapping[str, str]) -> None:
        body = {name: segment[name] for name in ("name", "description", "constraints")}
        self._call("PUT", f"segments/{segment['id']}", {**body, **told})

    def _at(self, flag: str) -> str:
        return f"{self._flags}/{self._full(flag)}/environments/{self._environment}"

    def _full(self, name: str) -> str:
        return f"{self._prefix}.{name}"


def _granted(definition: Definition) -> dict[str, Quantity | None]:
    """Return the flags that a package is in, with what they carry; features carry nothing."""
    return {
        **{f"features.{each}": None for each in definition.features},
        **{f"limits.{key}": amount for key, amount in definition.limits.items()},
        **{f"caps.{key}": amount for key, amount in definition.caps.items()},
    }


def _rollout(flag: str, percent: int) -> dict[str, Any]:
    return {
        "name": "flexibleRollout",
        "title": "nobody",
        "constraints": [],
        "parameters": {"rollout": str(percent), "stickiness": "default", "groupId": flag},
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
    """Return whom a segment names; raises `InvalidError` where it is another kind of segment."""
    match segment["constraints"]:
        case [{"contextName": "userId", "operator": "IN", "values": [*values], **x}] if not any(x.values()):
            ids = [value for value in values if value != _NOBODY]
            if not any(map(CLIENT_ID.fault, ids)):
                return ids
    raise InvalidError(
        f"the segment {segment['name']} is not made of one constraint, `userId IN` and clients' ids",
        hint="Correct it in Unleash.",
    )


def _naming(ids: Iterable[str]) -> dict[str, Any]:
    return {"contextName": "userId", "operator": "IN", "values": list(ids) or [_NOBODY]}


@contextmanager
def open_unleash(url: str, *, root: Path, token: str | None) -> Iterator[Platform]:
    """Open `unleash+https://HOST?store=DATABASE`; the query may also state what `DEFAULTS` has.

    Raises `InvalidError` for an address that cannot be one, or that would send the token unencrypted.
    """
    address = address_of(url, DEFAULTS)
    with closing(Transport(address.base, token)) as transport:
        product = Unleash(Admin(address.base, transport, token), **address.stated)
        with open_beside(product, address.store, root=root) as platform:
            yield platform
