"""Whatever happens to both, the embedded platform and the fake give the same answers."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.conformance.building import CATALOG, NOW, change_set, definition
from reconciler.errors import ReconcilerError
from reconciler.live.opening import open_platform
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.expiry import Expiry
from reconciler.model.packages import Share
from reconciler.model.questions import (
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)
from tests.contract.fake import FakePlatform
from tests.stores import new_store

if TYPE_CHECKING:
    from reconciler.live.port import Platform

KEYS = st.sampled_from(["basic", "basic", "pro"])
IDS = st.sampled_from(["a", "b", "c", "d", "e"])
EMAILS = st.sampled_from(["x@one.example", "X@one.example ", "y@two.example"])
NORMAL_EMAILS = st.lists(
    st.sampled_from(["x@one.example", "y@two.example", "z@one.example"]), unique=True
).map(tuple)
USED = ("chat", "sessions", "sources", "ai_credits")
METERS = st.sampled_from(USED)
AMOUNTS = st.integers(0, 5)
INSTANTS = st.integers(-70, 70).map(lambda days: NOW + timedelta(days=days))
EXPIRIES = st.sampled_from([None, "1 day", "30 days", "1 month", "2 months"])

ALTERNATIVES = st.one_of(
    st.builds(UsesMoreThan, st.sampled_from(["user_count", *USED]), st.integers(-1, 5)),
    st.builds(OwnerNotIn, NORMAL_EMAILS),
    st.builds(
        lambda expiry, at: AssignedIn(Expiry.parse(expiry).elapsed_starts(at)),
        EXPIRIES.filter(bool),
        INSTANTS,
    ),
)
CONDITIONS = st.one_of(
    ALTERNATIVES,
    st.builds(AnyOf, st.lists(ALTERNATIVES, min_size=1, max_size=5).map(tuple)),
    st.builds(OwnerIn, NORMAL_EMAILS),
    st.builds(NotOneOf, st.lists(IDS).map(tuple)),
    st.builds(OneOf, st.lists(IDS).map(tuple)),
    st.builds(UpTo, IDS),
)
REVISIONS = st.sampled_from([(1, 2, 3, 4, 5), (1, 2, 3, 4, 5), (1,), (2,), (1, 3)])
QUESTIONS = st.builds(ClientQuestion, KEYS, REVISIONS, st.lists(CONDITIONS, max_size=3).map(tuple))
MOVERS = st.builds(ClientQuestion, KEYS, REVISIONS, st.lists(CONDITIONS, max_size=1).map(tuple))

ALWAYS_ASKED = tuple(
    ClientQuestion(key, (1, 2, 3, 4, 5, 6, 7, 8), (condition,))
    for key in ("basic", "pro")
    for condition in (
        *(UsesMoreThan(meter, amount) for meter in ("chat", "sessions", "sources") for amount in (0, 2)),
        *(UpTo(client_id) for client_id in "abcde"),
        *(UsesMoreThan("user_count", count) for count in (0, 2)),
        *(kind(("x@one.example",)) for kind in (OwnerIn, OwnerNotIn)),
        *(kind(("a", "c")) for kind in (OneOf, NotOneOf)),
        AssignedIn(Expiry.parse("1 month").elapsed_starts(NOW)),
    )
)
"""Asked after every story, since what random questions ask is seldom met by anybody."""


def line_of(*named: Any, **stated: Any) -> ClientLine:
    """Make a line; of the class itself hypothesis would ask types that are there for checkers alone."""
    return ClientLine(*named, **stated)


LINES = st.builds(
    line_of,
    IDS,
    st.integers(1, 9),
    name=st.none() | st.just("Name"),
    owner_email=st.none() | EMAILS,
    status=st.sampled_from([None, "active", "active", "disabled"]),
    package=st.none() | KEYS,
    assigned_at=st.none() | INSTANTS,
    users=st.none() | AMOUNTS,
    usage=st.none() | st.dictionaries(METERS, AMOUNTS),
)
DEFINITIONS = st.builds(
    lambda features, expiry, emails: {"features": features, "expiry": expiry, "allowed_emails": emails},
    st.sets(st.sampled_from(["chat", "audio"])).map(sorted),
    EXPIRIES,
    st.sampled_from(["any", "any", ["x@one.example"]]),
)
ACTIONS = st.one_of(
    st.tuples(st.just("edit"), KEYS, DEFINITIONS, st.sampled_from([False, False, True])),
    st.tuples(st.just("write"), KEYS, DEFINITIONS, MOVERS, AMOUNTS),
    st.tuples(st.just("write"), KEYS, DEFINITIONS, MOVERS, st.just(5)),
    st.tuples(
        st.just("import"),
        st.lists(LINES, max_size=4),
        st.sampled_from([None, 0, 1, Share(50), "unlimited"]),
    ),
    st.tuples(st.just("assign"), IDS, KEYS, INSTANTS),
    st.tuples(st.just("use"), IDS, METERS, st.integers(-2, 5)),
    st.tuples(st.just("grow"), IDS, AMOUNTS),
    st.tuples(st.just("cycle"), IDS),
    st.tuples(st.just("forget"), IDS),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(ACTIONS, max_size=14), questions=st.lists(QUESTIONS, max_size=6), at=INSTANTS)
def test_embedded_and_fake_agree(
    actions: list[tuple[Any, ...]], questions: list[ClientQuestion], at: datetime
) -> None:
    with TemporaryDirectory() as folder:
        new_store(Path(folder) / "platform.db")
        with open_platform("sqlite:///platform.db", root=Path(folder)) as embedded:
            fake = FakePlatform()
            for platform in (fake, embedded):
                _begin(platform)
            for number, action in enumerate(actions):
                assert _outcome(embedded, action, number) == _outcome(fake, action, number), action

            assert _observed(embedded, questions, at) == _observed(fake, questions, at)


CROWDED = ClientQuestion("basic", (2, 3))
DISJUNCTIONS = st.builds(AnyOf, st.lists(ALTERNATIVES, min_size=1, max_size=6).map(tuple))


@pytest.fixture
def crowded(platform: Platform) -> tuple[Platform, FakePlatform]:
    """A platform and the fake with the same 60 clients, who differ in all that alternatives speak of."""
    fake = FakePlatform()
    for each in (platform, fake):
        _begin(each)
        for revision in range(2):
            each.edit_package("basic", definition(features=["chat", "audio"][:revision]), NOW)
            each.import_clients([_one_of_many(number) for number in range(revision, 60, 2)], NOW)
    return platform, fake


def _one_of_many(number: int) -> ClientLine:
    usage = {meter: number // (at + 1) % 7 for at, meter in enumerate(USED) if number % (at + 2)}
    return ClientLine(
        f"n{number:02}",
        number + 1,
        name="Name",
        owner_email=f"{'xyz'[number % 3]}@{['one', 'two'][number // 3 % 2]}.example",
        package="basic",
        assigned_at=NOW - timedelta(days=number),
        users=number % 6,
        usage=usage,
    )


@pytest.mark.parametrize("platform", ["sqlite", "postgresql"], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(alternatives=st.lists(DISJUNCTIONS, min_size=1, max_size=5), beside=st.lists(CONDITIONS, max_size=1))
def test_alternatives_count_as_client_by_client(
    crowded: tuple[Platform, FakePlatform], alternatives: list[AnyOf], beside: list[Condition]
) -> None:
    platform, fake = crowded
    asked = [dataclasses.replace(CROWDED, conditions=(each, *beside)) for each in alternatives]

    assert platform.answers(asked, NOW, sample=60) == fake.answers(asked, NOW, sample=60)


def _begin(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.apply(change_set(platform, catalog=CATALOG))
    platform.import_clients(
        [
            ClientLine(
                client_id,
                number,
                name=client_id,
                owner_email="y@two.example" if client_id == "b" else "x@one.example",
                package="basic",
                assigned_at=NOW - timedelta(days=20 * number),
                users=number,
                usage={"chat": number, "sources": number - 1},
            )
            for number, client_id in enumerate("abcd", start=1)
        ],
        NOW,
    )


def _outcome(platform: Platform, action: tuple[Any, ...], number: int) -> object:
    """Do it, and return what comes of it: a value, or which error."""
    try:
        return _done(platform, action, number)
    except ReconcilerError as error:
        return type(error), [finding.rule for finding in getattr(error, "findings", ())]


def _done(  # noqa: PLR0911 - one return per action reads best
    platform: Platform, action: tuple[Any, ...], number: int
) -> object:
    match action:
        case ("edit", key, document, archived):
            return platform.edit_package(key, _defined(key, document), NOW, archived=archived)
        case ("write", key, document, who, at_most):
            write = _write(platform, key, document)
            changes = change_set(
                platform,
                plan_hash=f"sha256:0{number}",
                at=NOW,
                writes=(write,),
                moves=(Move(who, at_most),),
            )
            return replace(platform.apply(changes), seal="")  # the ids of events are drawn
        case ("import", lines, assign):
            numbered = [_numbered(line, at) for at, line in enumerate(lines, start=1)]
            return platform.import_clients(numbered, NOW, assign=assign)
        case ("assign", client_id, key, at):
            return platform.assign(client_id, key, at)
        case ("use", client_id, meter, amount):
            return platform.record_usage(client_id, meter, amount, NOW)
        case ("grow", client_id, users):
            return platform.set_users(client_id, users, NOW)
        case ("forget", client_id):
            return platform.forget_client(client_id, NOW)
        case _:
            return platform.start_cycle(action[1], NOW)


def _defined(key: str, document: dict[str, Any]) -> Any:
    return definition(key, **document, limits={"sessions": 4})


def _numbered(line: ClientLine, number: int) -> ClientLine:
    stated = {name: getattr(line, name) for name in ClientLine.__struct_fields__}
    return ClientLine(**{**stated, "line": number})


def _write(platform: Platform, key: str, document: dict[str, Any]) -> PackageWrite:
    versions = {head.key: head.version for head in platform.packages()}
    return PackageWrite(key, _defined(key, document), versions.get(key))


def _observed(platform: Platform, questions: list[ClientQuestion], at: datetime) -> object:
    keys = [head.key for head in platform.packages()]
    return (
        platform.answers([*questions, *ALWAYS_ASKED], at, sample=2),
        platform.answers(ALWAYS_ASKED, NOW, sample=9),
        [list(platform.matching(question, at)) for question in questions],
        [platform.nth_matching(question, 2, at) for question in questions],
        list(platform.clients(at)),
        list(platform.clients(at, outdated=True)),
        list(platform.clients(at, package="basic")),
        platform.packages(),
        platform.holdings(keys, at),
        platform.holder_count(at),
        platform.outdated(at),
        platform.lost_since(NOW - timedelta(days=400)),
        [platform.moved_by(run.id) for run in platform.runs()],
        [list(platform.consumption(key, meter, at)) for key in keys for meter in ("sessions", "user_count")],
        [(run.id, run.before, run.after, run.moved) for run in platform.runs()],
    )


@given(
    amount=st.integers(1, 40),
    unit=st.sampled_from(["days", "months"]),
    now=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - made aware below
    seconds=st.integers(0, 86_399),
)
@settings(max_examples=200, deadline=None)
def test_elapsed_starts_are_those_whose_end_has_come(
    amount: int, unit: Any, now: datetime, seconds: int
) -> None:
    expiry, instant = Expiry(amount, unit), now.replace(tzinfo=UTC)
    windows = expiry.elapsed_starts(instant)
    middle = instant - timedelta(days=amount if unit == "days" else amount * 30.44)
    days = [middle + timedelta(days=offset) for offset in range(-45, 46)]
    midnights = [day.replace(hour=0, minute=0, second=0, microsecond=0) for day in days]

    for start in (
        *days,
        *midnights,
        *(midnight + timedelta(seconds=seconds) for midnight in midnights),
        *(midnight - timedelta(microseconds=1) for midnight in midnights),
        *(midnight.replace(hour=instant.hour, minute=instant.minute) for midnight in midnights),
        *(day.replace(hour=instant.hour, minute=instant.minute, second=instant.second) for day in days),
    ):
        end = expiry.after(start)
        is_elapsed = end is not None and end <= instant
        is_in_window = any(
            (window.start is None or window.start <= start) and start <= window.end for window in windows
        )
        assert is_in_window == is_elapsed, start
