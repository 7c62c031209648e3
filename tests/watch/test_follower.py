from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.errors import UnreachableError
from reconciler.live.opening import open_platform
from reconciler.live.port import Platform
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import RunUndone
from reconciler.sources.mirror import Mirror
from reconciler.watch.events import Event, Outcome
from reconciler.watch.follower import Follower
from reconciler.watch.policy import Policy
from tests.builders import NOON, definition
from tests.live.beside.installed import go_on, open_board, stop
from tests.repository import Repository
from tests.shop import Shop

POLICY = Policy("reconciler.yaml", "local", "watch@test")
BEFORE_THE_SECOND, HALF_OF_THE_SECOND = 6, 7
"""Steps of writing two packages to a product."""


@dataclass
class Site:
    """A bare repository that authors push to, and a platform."""

    folder: Path
    author: Repository
    at: datetime = NOON
    is_down: bool = False
    followers: int = field(default=0)

    @property
    def bare(self) -> Path:
        return self.folder / "bare.git"

    def push(self) -> str:
        commit = self.author.commit()
        self.author.git("push", "-q", "--force", str(self.bare), "main")
        return commit

    @contextmanager
    def opened(self) -> Iterator[Platform]:
        if self.is_down:
            raise UnreachableError("The platform is down.")
        with open_platform("sqlite:///platform.db", root=self.folder) as platform:
            yield platform

    def follower(self, policy: Policy = POLICY) -> Follower:
        self.followers += 1
        mirror = Mirror(self.folder / f"mirror-{self.followers}", str(self.bare), "main")
        return Follower(mirror, policy, self.opened)

    def cycle(self, follower: Follower) -> list[Outcome]:
        return [event.outcome for event in self.events(follower)]

    def events(self, follower: Follower, **later: int) -> list[Event]:
        self.at += timedelta(**(later or {"seconds": 60}))
        return list(follower.cycle(self.at))

    def user_count(self, key: str = "basic") -> object:
        with self.opened() as platform:
            head = next(each for each in platform.packages() if each.key == key)
            (live,) = platform.definitions([RevisionRef(head.key, head.revision)]).values()
        return live.caps["user_count"]

    def hold(self, *clients: str) -> None:
        with self.opened() as platform:
            Shop(self.folder, platform, self.at).clients(*clients, package="basic")

    def edit_by_hand(self, **fields: object) -> None:
        with self.opened() as platform:
            platform.edit_package("basic", definition(title="Basic", **fields), self.at)

    def commits(self) -> list[str | None]:
        with self.opened() as platform:
            return [run.commit for run in reversed(platform.runs())]


@dataclass
class PartSite(Site):
    """The same over a product that takes no change sets."""

    @property
    def board(self) -> Path:
        return self.folder / "board.json"

    @contextmanager
    def opened(self) -> Iterator[Platform]:
        with open_board(f"switchboard://{self.board.name}", root=self.folder, token=None) as platform:
            yield platform


@pytest.fixture
def site(tmp_path: Path) -> Site:
    author = Repository.made(tmp_path / "author", clients_losing="unlimited")
    author.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git"))
    author.package("basic", features=["chat", "calls"])
    site = Site(tmp_path, author)
    site.push()
    return site


def test_a_commit_is_applied_then_found_in_step_then_costs_nothing(site: Site) -> None:
    follower = site.follower()

    outcomes = [site.cycle(follower) for _ in range(4)]

    assert outcomes == [[Outcome.APPLIED], [Outcome.IN_STEP], [Outcome.IDLE], [Outcome.IDLE]]
    assert site.user_count() == 5


def test_the_run_names_the_commit_and_the_loop(site: Site) -> None:
    commit = site.author.git("rev-parse", "HEAD")

    (event,) = site.events(site.follower())

    assert event.run is not None
    assert (event.run.commit, event.run.actor) == (commit, "watch@test")


def test_an_invalid_commit_is_told_once_and_the_last_good_one_is_kept_true(site: Site) -> None:
    follower = site.follower(replace(POLICY, corrects=True))
    site.cycle(follower)
    site.author.package("basic", features=["chta"])
    site.push()

    first = site.events(follower)
    site.edit_by_hand(user_count=99)
    second = site.events(follower)

    assert [(each.outcome, each.is_news) for each in first] == [
        (Outcome.INVALID, True),
        (Outcome.IN_STEP, True),
    ]
    assert [finding.rule for finding in first[0].findings] == ["unknown-feature"]
    assert [(each.outcome, each.is_news) for each in second] == [
        (Outcome.INVALID, False),
        (Outcome.APPLIED, True),
    ]
    assert site.user_count() == 5


def test_a_blocked_commit_holds_itself_back_and_a_revert_frees_the_branch(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.hold("acme", "globex")
    site.author.package("basic", features=["chat"], rollout={"existing_clients": "reassign"})
    site.push()

    blocked = site.events(follower)
    still = site.cycle(follower)
    site.author.git("revert", "--no-edit", "HEAD")
    site.push()
    reverted = site.cycle(follower)

    assert [event.outcome for event in blocked] == [Outcome.BLOCKED, Outcome.IN_STEP]
    assert "acknowledge blocks basic" in blocked[0].message
    assert still == [Outcome.IDLE]
    assert reverted == [Outcome.IN_STEP]


def test_packages_that_no_guard_blocks_are_applied_where_that_is_wanted(site: Site) -> None:
    follower = site.follower(replace(POLICY, skips_blocked=True))
    site.cycle(follower)
    site.hold("acme")
    site.author.package("basic", features=["chat"], rollout={"existing_clients": "reassign"})
    site.author.package("extra", user_count=2)
    site.push()

    outcomes = [site.cycle(follower) for _ in range(3)]

    assert outcomes == [[Outcome.APPLIED], [Outcome.BLOCKED], [Outcome.IDLE]]
    assert site.user_count("extra") == 2


def test_a_commit_that_loosens_the_guard_it_breaks_is_held_back_in_every_later_cycle_too(site: Site) -> None:
    follower = site.follower(replace(POLICY, skips_blocked=True))
    site.cycle(follower)
    site.hold("acme")
    site.author.configure(clients_losing="unlimited", acknowledge="never")
    site.author.package("basic", features=["chat"], rollout={"existing_clients": "reassign"})
    site.author.package("extra", user_count=2)
    site.push()

    outcomes = [site.cycle(follower) for _ in range(3)]

    assert outcomes == [[Outcome.APPLIED], [Outcome.BLOCKED], [Outcome.IDLE]]


def test_what_is_changed_by_hand_is_reported_and_left_unless_the_loop_corrects(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.cycle(follower)
    site.edit_by_hand(features=["chat", "calls"], user_count=99)

    reported = site.events(follower)
    again = site.cycle(follower)
    corrected = site.cycle(site.follower(replace(POLICY, corrects=True)))

    assert [(event.outcome, event.message) for event in reported] == [
        (Outcome.DRIFTED, "changed on the platform: basic")
    ]
    assert again == [Outcome.IDLE]
    assert corrected == [Outcome.APPLIED]
    assert site.user_count() == 5


def test_of_two_followers_one_applies_and_the_other_finds_nothing_to_do(site: Site) -> None:
    one, two = site.follower(), site.follower()

    outcomes = [site.cycle(one), site.cycle(two), site.cycle(one), site.cycle(two)]

    assert outcomes == [[Outcome.APPLIED], [Outcome.IN_STEP], [Outcome.IN_STEP], [Outcome.IDLE]]
    assert len(site.commits()) == 1


def test_a_rollout_in_steps_goes_on_until_everybody_moved(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.hold("acme", "globex", "initech")
    rollout = {"existing_clients": "reassign", "per_run": 1, "every": "0 days"}
    site.author.package("basic", features=["chat", "calls"], user_count=9, rollout=rollout)
    site.push()

    outcomes = [outcome for _ in range(6) for outcome in site.cycle(follower)]

    assert outcomes == [Outcome.APPLIED] * 3 + [Outcome.IN_STEP] + [Outcome.IDLE] * 2
    with site.opened() as platform:
        assert [client.subscription.revision for client in platform.clients(site.at)] == [2, 2, 2]


def test_a_step_that_waits_is_nothing_to_do_and_is_taken_on_its_day(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.hold("acme", "globex")
    rollout = {"existing_clients": "reassign", "per_run": 1, "every": "2 days"}
    site.author.package("basic", features=["chat", "calls"], user_count=9, rollout=rollout)
    site.push()

    first = [site.cycle(follower) for _ in range(3)]
    days = [[event.outcome for event in site.events(follower, days=1)] for _ in range(3)]

    assert first == [[Outcome.APPLIED], [Outcome.IN_STEP], [Outcome.IDLE]]
    assert days == [[Outcome.IN_STEP], [Outcome.APPLIED], [Outcome.IN_STEP]]
    with site.opened() as platform:
        assert [client.subscription.revision for client in platform.clients(site.at)] == [2, 2]


def test_after_a_restart_the_last_good_commit_is_known_from_the_runs(site: Site) -> None:
    site.cycle(site.follower())
    site.author.package("basic", features=["chta"])
    site.push()
    site.edit_by_hand(user_count=99)

    outcomes = site.cycle(site.follower(replace(POLICY, corrects=True)))

    assert outcomes == [Outcome.INVALID, Outcome.APPLIED]
    assert site.user_count() == 5


def test_nothing_is_compared_until_the_full_comparison_is_due(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.cycle(follower)

    idle = site.events(follower, minutes=14)
    due = site.events(follower, minutes=15)

    assert [event.outcome for event in idle] == [Outcome.IDLE]
    assert [event.outcome for event in due] == [Outcome.IN_STEP]


def test_what_is_out_of_reach_is_told_and_looked_at_again(site: Site) -> None:
    follower = site.follower()
    site.is_down = True
    down = site.events(follower)
    site.is_down = False
    site.cycle(follower)
    site.bare.rename(site.folder / "away.git")
    site.edit_by_hand(user_count=99)
    gone = site.cycle(follower)

    assert [(event.outcome, event.message) for event in down] == [(Outcome.FAILED, "The platform is down.")]
    assert gone == [Outcome.FAILED, Outcome.DRIFTED]


def test_a_rewritten_branch_is_followed(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.author.git("checkout", "-q", "--orphan", "fresh")
    site.author.package("basic", features=["chat", "calls"], user_count=7)
    site.author.commit()
    site.author.git("push", "-q", "--force", str(site.bare), "fresh:main")

    assert site.cycle(follower) == [Outcome.REWOUND, Outcome.APPLIED]
    assert site.user_count() == 7


def test_a_commit_cannot_send_the_loop_to_another_platform(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.author.write(
        "reconciler.yaml",
        {"catalog": "catalog.yaml", "environments": {"local": {"platform": "sqlite:///elsewhere.db"}}},
    )
    site.author.package("basic", features=["chat", "calls"], user_count=6)
    site.push()

    site.cycle(follower)

    assert site.user_count() == 6
    assert not list(site.folder.rglob("elsewhere.db"))


@pytest.mark.parametrize("url", ["ext::sh -c touch% pwned", "--upload-pack=touch pwned", "/nowhere"])
def test_an_address_runs_nothing(site: Site, url: str) -> None:
    follower = Follower(Mirror(site.folder / "mirror", url, "main"), POLICY, site.opened)

    assert site.cycle(follower) == [Outcome.FAILED]
    assert not list(site.folder.rglob("pwned"))
    assert not Path("pwned").exists()


def roll_back_last_run(site: Site) -> int:
    """Roll the last run back from a checkout of the author's; returns the run."""
    with open_platform("sqlite:///platform.db", root=site.folder) as platform:
        shop = Shop(site.author.root, platform, site.at + timedelta(seconds=1))
        (last,) = platform.runs(limit=1)
        return shop.apply(aim=RunUndone(last.id)).id


@pytest.mark.parametrize("corrects", [False, True])
def test_a_rollback_is_left_alone_and_said_until_its_file_changes(site: Site, *, corrects: bool) -> None:
    follower = site.follower(replace(POLICY, corrects=corrects))
    site.cycle(follower)
    site.author.package("basic", features=["chat", "calls"], user_count=6)
    site.push()
    site.cycle(follower)

    run = roll_back_last_run(site)
    left = [site.events(follower), site.events(site.follower(replace(POLICY, corrects=corrects)))]
    site.author.package("basic", features=["chat", "calls"], user_count=7)
    site.push()
    changed = site.cycle(follower)

    assert [[event.outcome for event in events] for events in left] == [[Outcome.IN_STEP]] * 2
    assert f"Left as run {run}, a rollback, made it: basic." in left[0][0].message
    assert left[0][0].is_news
    assert changed == [Outcome.APPLIED]
    assert site.user_count() == 7


def test_a_commit_that_changes_no_package_is_recorded_once(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.author.write("README.md", "Nothing about packages.")
    commit = site.push()

    outcomes = [site.events(follower)[0] for _ in range(3)]
    other = site.cycle(site.follower())

    assert [event.outcome for event in outcomes] == [Outcome.IN_STEP, Outcome.IN_STEP, Outcome.IDLE]
    assert [event.run is not None for event in outcomes] == [True, False, False]
    assert other == [Outcome.IN_STEP]
    assert site.commits()[1:] == [commit]


@pytest.fixture
def parts(tmp_path: Path) -> PartSite:
    """A product that is changed one package after the other, with a commit that is to change two."""
    author = Repository.made(tmp_path / "author", clients_losing="unlimited")
    author.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git"))
    author.package("basic", features=["chat", "calls"])
    site = PartSite(tmp_path, author)
    site.push()
    site.cycle(site.follower())
    author.package("basic", features=["chat", "calls", "agent"], user_count=9)
    author.package("added", features=["chat"])
    site.push()
    return site


def failed_at(parts: PartSite, step: int) -> None:
    """Have a cycle fail at a step of the second package."""
    stop(parts.board, step)
    (event,) = parts.events(parts.follower())
    go_on(parts.board)
    assert event.outcome is Outcome.FAILED
    assert "only 1 of 2 packages was changed as a whole" in event.message


def test_a_commit_that_was_applied_in_part_is_not_taken_for_drift_and_is_finished(parts: PartSite) -> None:
    failed_at(parts, HALF_OF_THE_SECOND)
    partly = parts.user_count()

    outcomes = [parts.cycle(parts.follower()) for _ in range(2)]

    assert (partly, parts.user_count()) == (5, 9)
    assert outcomes == [[Outcome.APPLIED], [Outcome.IN_STEP]]


def test_a_commit_that_was_applied_in_part_is_not_the_last_good_one(parts: PartSite) -> None:
    failed_at(parts, BEFORE_THE_SECOND)
    parts.author.package("basic", features=["chta"])
    parts.push()

    invalid, *_ = parts.cycle(parts.follower(replace(POLICY, corrects=True)))

    assert invalid is Outcome.INVALID
    assert parts.user_count() == 5


def test_a_branch_that_goes_back_is_said_also_after_a_restart(site: Site) -> None:
    first = site.author.git("rev-parse", "HEAD")
    site.author.package("basic", features=["chat", "calls"], user_count=6)
    second = site.push()
    follower = site.follower()
    site.cycle(follower)
    mirror = Mirror(site.folder / "mirror-1", str(site.bare), "main")
    site.author.git("reset", "-q", "--hard", first)
    site.author.git("push", "-q", "--force", str(site.bare), "main")

    rewound, applied = site.events(Follower(mirror, POLICY, site.opened))

    assert (rewound.outcome, applied.outcome) == (Outcome.REWOUND, Outcome.APPLIED)
    assert second[:12] in rewound.message
    assert first[:12] in rewound.message
    assert site.user_count() == 5


def test_that_all_is_in_reach_again_is_news_once(site: Site) -> None:
    follower = site.follower()
    site.cycle(follower)
    site.cycle(follower)
    site.bare.rename(site.folder / "away.git")
    gone = site.cycle(follower)
    (site.folder / "away.git").rename(site.bare)

    back, later = site.events(follower), site.cycle(follower)

    assert gone == [Outcome.FAILED, Outcome.IDLE]
    assert [(event.outcome, event.is_news) for event in back] == [
        (Outcome.RECOVERED, True),
        (Outcome.IDLE, False),
    ]
    assert later == [Outcome.IDLE]


class TestAnEnvironmentThatComesAfterAnother:
    """Two loops over one branch: `staging`, and `local` after it."""

    @pytest.fixture
    def site(self, site: Site) -> Site:
        environments = {
            "staging": {"platform": "sqlite:///staging.db"},
            "local": {"platform": "sqlite:///platform.db", "after": "staging"},
        }
        config = {"catalog": "catalog.yaml", "default_environment": "local", "environments": environments}
        site.author.write("reconciler.yaml", config)
        site.push()
        return site

    def loops(self, site: Site, policy: Policy = POLICY) -> tuple[Follower, Follower]:
        def staging() -> AbstractContextManager[Platform]:
            return open_platform("sqlite:///staging.db", root=site.folder)

        first = Mirror(site.folder / "mirror-staging", str(site.bare), "main")
        then = Mirror(site.folder / "mirror-local", str(site.bare), "main")
        return (
            Follower(first, replace(POLICY, environment="staging"), staging),
            Follower(then, policy, site.opened, staging),
        )

    def test_waits_for_the_other_and_goes_on_as_soon_as_that_has_the_commit(self, site: Site) -> None:
        staging, local = self.loops(site)

        early = site.events(local)
        still = site.cycle(local)
        site.cycle(staging)
        due = site.cycle(local)

        assert [event.outcome for event in early] == [Outcome.BLOCKED]
        assert "staging has not applied the commit" in early[0].message
        assert (still, due) == ([Outcome.IDLE], [Outcome.APPLIED])

    def test_takes_a_commit_that_changed_nothing_there(self, site: Site) -> None:
        staging, local = self.loops(site)
        for loop in (staging, local, staging, local):
            site.cycle(loop)
        with site.opened() as platform:
            platform.edit_package("basic", definition(title="Basic"), site.at)
        site.author.write("README.md", "Nothing about packages.")
        site.push()
        site.cycle(staging)

        assert site.cycle(local) == [Outcome.APPLIED]

    def test_records_a_commit_that_changes_nothing_here_only_once_the_other_has_it(self, site: Site) -> None:
        staging, local = self.loops(site)
        for loop in (staging, local, staging, local):
            site.cycle(loop)
        site.author.write("README.md", "Nothing about packages.")
        commit = site.push()

        early = site.cycle(local)
        with site.opened() as platform:
            before = [run.commit for run in platform.runs()]
        site.cycle(staging)
        due = site.cycle(local)

        assert (early[0], due, commit in before) == (Outcome.BLOCKED, [Outcome.IN_STEP], False)

    def test_waits_by_the_operators_word_whatever_a_commit_says(self, site: Site) -> None:
        site.author.configure(clients_losing="unlimited")
        site.push()
        _, local = self.loops(site, replace(POLICY, after="staging"))

        assert site.cycle(local) == [Outcome.BLOCKED]
