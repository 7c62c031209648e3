"""A team for a week: authors with branches and forks, maintainers who merge, clients who come and go.

Whether a reviewed plan still holds is worked out here from files and live packages alone, so that what
`reconciler` says about it is held against something else.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import yaml

from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.model.packages import Definition, RevisionRef
from tests.github import Runner
from tests.repository import Repository

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.live.port import Platform

ENVIRONMENTS: Final = ("staging", "production")
KEYS: Final = ("basic", "growth", "premium", "pro", "trial")
HEADROOM: Final = 5
"""So many more clients than hold a package are acknowledged to lose something of it."""
Plan = dict[str, Any]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class State:
    """What an apply may change, as it was before."""

    versions: Mapping[str, int]
    catalog: Mapping[str, Any]
    features: Mapping[str, frozenset[str]]
    runs: int

    @classmethod
    def of(cls, platform: Platform) -> State:
        catalog = platform.catalog()
        terms = catalog.as_document() if catalog else {}
        return cls(
            versions={head.key: head.version for head in platform.packages()},
            catalog={f"/{section}/{key}": term for section in terms for key, term in terms[section].items()},
            features={each.id: frozenset(each.entitlements.features) for each in platform.clients(now())},
            runs=next((run.id for run in platform.runs(limit=1)), 0),
        )


@dataclass
class PullRequest:
    """A proposal.

    Attributes:
        edit: What it does to the files; done again where its branch conflicts with `main`.
        plans: What was reviewed, by environment.
        files: What the files said then.
    """

    number: int
    edit: Callable[[Repository], None]
    is_fork: bool
    head: str = ""
    plans: dict[str, Plan] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)


@dataclass
class Team:
    """Everything that a week needs.

    Attributes:
        shown: The plans that somebody could read, by environment and hash.
        codes: How applies of reviewed plans came out.
        is_over_bound: Whether more clients would lose something than is acknowledged, which holds all back.
    """

    folder: Path
    chance: random.Random
    shown: dict[str, dict[str, Plan]] = field(default_factory=lambda: {each: {} for each in ENVIRONMENTS})
    codes: list[int] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    here: list[str] = field(default_factory=list)
    is_over_bound: bool = False

    def begin(self) -> None:
        """Have five packages in both environments."""
        self.author = Repository.made(self.folder / "author")
        guards = {"clients_losing": "unlimited"}
        environments: dict[str, Any] = {
            name: {"platform": f"sqlite:///{self.folder}/{name}.db", "guards": dict(guards)}
            for name in ENVIRONMENTS
        }
        environments["production"]["after"] = "staging"
        config = {"catalog": "catalog.yaml", "default_environment": "staging", "environments": environments}
        self.author.write("reconciler.yaml", config)
        for number, key in enumerate(KEYS, 1):
            self.author.package(key, features=["calls", "chat", "sessions"], user_count=number)
        self.author.commit("Begin")
        self.author.git("worktree", "add", "-q", "--detach", str(self.folder / "ci"))
        self.runner = Runner(Repository(self.folder / "ci"), self.folder)
        for environment in ENVIRONMENTS:
            assert self.script("apply", environment, REVIEWED_PLAN="optional") == 0, self.runner.summary

    def opened(self, environment: str) -> AbstractContextManager[Platform]:
        return open_platform(f"sqlite:///{self.folder}/{environment}.db", root=self.folder)

    def script(self, name: str, environment: str, **settings: str) -> int:
        done = self.runner.run(name, RECONCILER_ENVIRONMENT=environment, **settings)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.returncode

    def reconciler(self, *arguments: str) -> tuple[int, str]:
        program = str(self.folder / "bin" / "reconciler")
        done = subprocess.run(
            [program, *arguments],
            cwd=self.runner.repository.root,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def read(self) -> Plan:
        """Read the plan of the script that ran last, as anybody could."""
        plan: Plan = json.loads(self.runner.result("plan.json").read_text())
        self.shown[plan["environment"]][plan["hash"]] = plan
        return plan

    # Authors

    def propose(self, edit: Callable[[Repository], None], *, is_fork: bool = False) -> PullRequest:
        """Open a pull request on `main` as it is; what checks it is run."""
        pull = PullRequest(next(self.numbers), edit, is_fork)
        self.update(pull)
        return pull

    def update(self, pull: PullRequest) -> None:
        """Make the branch anew on `main`, and have it reviewed."""
        self.author.git("switch", "-q", "-C", f"pull-{pull.number}", "main")
        pull.edit(self.author)
        pull.head = self.author.commit(f"Change {pull.number}")
        self.author.git("switch", "-q", "main")
        self._review(pull)

    def _review(self, pull: PullRequest) -> None:
        """Run the check on the pull request as merged into `main`."""
        ci = self.runner.repository
        ci.git("checkout", "-q", "--detach", "main")
        ci.git("merge", "-q", "--no-ff", "-m", f"Preview of {pull.number}", pull.head)
        if pull.is_fork:
            code = self.script("review", "staging", HAS_PLATFORM="no", GH_READ_ONLY="yes", PULL_REQUEST="")
            assert code == 0, self.runner.summary
            return
        run = self.runner.forge.ran(pull.head)
        for environment in ENVIRONMENTS:
            code = self.script("review", environment, PULL_REQUEST=str(pull.number))
            assert code == 0, self.runner.summary
            pull.plans[environment] = self.read()
            plan = self.runner.result("plan.json")
            self.runner.forge.uploaded(run, self.runner.outputs["artifact"], plan)
        pull.files = files_of(ci.root)

    def conflicts(self, pull: PullRequest) -> bool:
        command = ["git", "-C", str(self.author.root), "merge-tree", "--write-tree", "main", pull.head]
        return subprocess.run(command, capture_output=True, check=False).returncode != 0

    # Maintainers

    def merge(self, *pulls: PullRequest) -> None:
        """Merge them in one push, as a queue does, and have the plans that were reviewed applied."""
        before = self.author.git("rev-parse", "main")
        for pull in pulls:
            self._merge(pull)
        self.runner.repository.git("checkout", "-q", "--detach", "main")
        if self.author.git("diff", "--name-only", before, "main", "--", "packages", "catalog.yaml"):
            codes = [self._apply(pulls, environment, before) for environment in ENVIRONMENTS]
            for environment, code in zip(ENVIRONMENTS, codes, strict=True):
                if code:
                    self.by_hand(environment)

    def _merge(self, pull: PullRequest) -> None:
        message = ("-q", "--allow-empty", "-m", f"Merge change {pull.number}")
        match self.chance.choice(["merge", "squash", "rebase"]):
            case "merge":
                self.author.git("merge", "-q", "--no-ff", "-m", message[-1], pull.head)
            case "squash":
                self.author.git("merge", "-q", "--squash", pull.head)
                self.author.git("commit", *message)
            case _:
                self.author.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", pull.head)
        self.runner.forge.merged(pull.head, self.author.git("rev-parse", "HEAD"))

    def _apply(self, pulls: tuple[PullRequest, ...], environment: str, before: str) -> int:
        """Run the job that applies, and hold against what was to be expected how it comes out."""
        with self.opened(environment) as platform:
            state = State.of(platform)
            moved = [each for pull in pulls for each in self._moved(pull, environment, platform)]
        plans = [pull.plans[environment] for pull in pulls if environment in pull.plans]
        code = self.script("apply", environment, BEFORE=before)
        summary = self.runner.summary
        self.codes.append(code)
        self._require_shown(environment, state)
        if len(plans) < len(pulls):
            assert code == _code_of_today(summary), summary
            assert "has no reviewed plan" in summary
        elif moved:
            assert code == _code_of_today(summary), (moved, summary)
            assert any(each in _refusal(summary) for each in moved), (moved, summary)
        elif environment == "production" and not self._is_on_staging() and any(map(_changes, plans)):
            assert code == 4, summary
            assert "after blocks" in _refusal(summary), summary
        elif not _overlap(plans):
            assert code == 0, summary
        return code

    def _is_on_staging(self) -> bool:
        commit = self.runner.repository.git("rev-parse", "HEAD")
        with self.opened("staging") as platform:
            return any(run.commit == commit for run in platform.runs())

    def _moved(self, pull: PullRequest, environment: str, platform: Platform) -> Iterator[str]:
        """Name what the reviewed plan speaks of and what is otherwise by now."""
        plan = pull.plans.get(environment)
        if plan is None:
            return
        files = files_of(self.runner.repository.root)
        heads = {head.key: head.version for head in platform.packages()}
        live = State.of(platform).catalog
        for change in plan["changes"]:
            key, file = change["key"], change["source"]["file"]
            is_same = heads.get(key) == change["from_version"] and files.get(file) == pull.files[file]
            if not is_same or (key in heads and _loses_more(platform, key, files[file])):
                yield key
        for term in plan["catalog"]["fields"]:
            _, section, key = term["path"].split("/")
            stated = [each["catalog.yaml"][section].get(key) for each in (files, pull.files)]
            if live.get(term["path"]) != term["from"] or stated[0] != stated[1]:
                yield key

    def by_hand(self, environment: str) -> None:
        """Have a plan of today offered, and have it applied by its hash."""
        if self.script("apply", environment, EVENT="workflow_dispatch") == 0:
            return
        self.is_over_bound = "name its plan:**" not in self.runner.summary
        if self.is_over_bound:
            assert "`acknowledge` · " in self.runner.summary, self.runner.summary
            return
        self.read()
        hash_ = self.runner.offered(self.runner.forge.ran("0" * 40))
        with self.opened(environment) as platform:
            state = State.of(platform)
        assert self.script("apply", environment, PLAN=hash_) == 0, self.runner.summary
        self._require_shown(environment, state)

    def roll_back(self, environment: str) -> str:
        """Roll back the last run that changed a package that is there; returns the package."""
        with self.opened(environment) as platform:
            state = State.of(platform)
            done = [(run.id, each) for run in platform.runs() if not run.catalog for each in run.changes]
        run, change = next(each for each in done if each[1]["action"] == "update")
        self.runner.repository.git("checkout", "-q", "--detach", "main")
        file = self.folder / "rollback.json"
        planned = self.reconciler("-e", environment, "rollback", str(run), "--out", str(file))
        assert file.exists(), planned[1]
        plan = json.loads(file.read_text())
        self.shown[environment][plan["hash"]] = plan
        allowed = [
            word
            for each in plan["guards"]
            if each["result"] == "blocked"
            for word in ("--allow", f"{each['id']}:{each['key']}")
        ]
        applied = self.reconciler("apply", str(file), *allowed)
        assert applied[0] == 0, planned[1] + applied[1]
        self._require_shown(environment, state)
        return str(change["key"])

    def _require_shown(self, environment: str, before: State) -> None:
        """Hold that nothing was applied since which no plan had shown."""
        with self.opened(environment) as platform:
            after = State.of(platform)
            runs = [run for run in platform.runs() if run.id > before.runs]
        plans = [self.shown[environment][run.plan_hash] for run in runs]
        changes = [change for plan in plans for change in plan["changes"]]
        fields = {(each["key"], json.dumps(_told(one))) for each in changes for one in each["fields"]}
        done = {
            (each["key"], json.dumps(_told(one)))
            for run in runs
            for each in run.changes
            for one in each["fields"]
        }
        assert done <= fields
        written = {key for key in after.versions if after.versions[key] != before.versions.get(key)}
        assert written <= {each["key"] for each in changes}
        terms = {path for path in after.catalog if after.catalog[path] != before.catalog.get(path)}
        assert terms <= {each["path"] for plan in plans for each in plan["catalog"]["fields"]}
        lost = [each for each in before.features if not before.features[each] <= after.features[each]]
        assert len(lost) <= sum(plan["summary"]["clients_losing"] + HEADROOM for plan in plans)

    # Clients

    def sign_up(self, clients: int) -> None:
        new = [f"client-{len(self.here) + number}" for number in range(clients)]
        self.here += new
        with self.opened("production") as platform:
            lines = [
                _line(number, id_, package=self.chance.choice(KEYS)) for number, id_ in enumerate(new, 1)
            ]
            platform.import_clients(lines, now())

    def leave(self) -> None:
        with self.opened("production") as platform:
            platform.import_clients([_line(1, self.chance.choice(self.here), status="archived")], now())

    def edit_by_hand(self, key: str) -> None:
        with self.opened("production") as platform:
            head = platform.package(key)
            assert head is not None
            ref = RevisionRef(key, head.revision)
            document = platform.definitions([ref])[ref].as_document()
            edited = Definition.normalised({**document, "description": "Edited by hand."})
            platform.edit_package(key, edited, now())


def files_of(root: Path) -> dict[str, Any]:
    """Read what the package files and the catalog say; a comment says nothing."""
    paths = [*(root / "packages").glob("*.yaml"), root / "catalog.yaml"]
    return {str(path.relative_to(root)): yaml.safe_load(path.read_text()) for path in paths}


def _told(change: dict[str, Any]) -> tuple[Any, ...]:
    return change["path"], change["from"], change["to"]


def _changes(plan: Plan) -> bool:
    return bool(plan["changes"] or plan["catalog"]["fields"])


def _overlap(plans: list[Plan]) -> bool:
    keys = [{change["key"] for change in plan["changes"]} for plan in plans]
    terms = [{term["path"] for term in plan["catalog"]["fields"]} for plan in plans]
    return any(sum(map(len, each)) > len(set().union(*each)) for each in (keys, terms) if each)


def _refusal(summary: str) -> str:
    """Return what the apply said, without the plan of today below it."""
    return summary.partition("was not applied")[2].partition("What a plan of today")[0]


def _code_of_today(summary: str) -> int:
    """Return how a job ends whose plan does not hold: by what a plan of today says instead."""
    if "Nothing is left to change" in summary:
        return 0
    return 5 if "name its plan:**" in summary else 4


def _loses_more(platform: Platform, key: str, file: dict[str, Any]) -> bool:
    """Whether more clients would lose a feature than the file acknowledges."""
    bounds = {each["removes"]: each["clients"] for each in file.get("acknowledge", ())}
    holders = [each for each in platform.clients(now(), package=key) if each.subscription.status == "active"]
    return any(
        sum(term in each.entitlements.features for each in holders) > most for term, most in bounds.items()
    )


def _line(number: int, id_: str, **stated: Any) -> ClientLine:
    usual = {"name": id_.title(), "owner_email": f"owner@{id_}.example"}
    return ClientLine(id=id_, line=number, **({**usual, **stated} if "package" in stated else stated))


def acknowledged(term: str, clients: int) -> dict[str, Any]:
    until = now().date() + timedelta(days=30)
    return {"removes": term, "clients": clients, "reason": "Clients were told.", "until": until.isoformat()}
