"""An independent model of packages and clients: plain Python over plain values, nothing of the product."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

Loss = tuple[str, str]
SHORTENED: Loss = ("expiry-shortened", "expiry")
ENDED: Loss = ("subscription-ended", "subscriptions")
ENDING = "grant-ended"
Count = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Terms:
    """What one revision grants. `emails` None: anybody; `expiry` in days."""

    title: str = ""
    features: frozenset[str] = frozenset()
    limits: tuple[tuple[str, int | str], ...] = ()
    users: int | str = 3
    credits: int | str | None = None
    expiry: int | None = None
    emails: frozenset[str] | None = None

    def document(self, *, states_emails: bool = True) -> dict[str, Any]:
        document: dict[str, Any] = {
            "title": self.title,
            "user_count": self.users,
            "limits": dict(self.limits),
        }
        document["features"] = sorted(self.features)
        if self.credits is not None:
            document["ai_credits"] = self.credits
        if self.expiry is not None:
            document["expiry"] = f"{self.expiry} days"
        if states_emails:
            document["allowed_emails"] = "any" if self.emails is None else sorted(self.emails)
        return document

    @property
    def held(self) -> Terms:
        """What is left of it for who holds it already."""
        return replace(self, title="", emails=None)

    def allows(self, email: str) -> bool:
        return self.emails is None or email in self.emails


@dataclass
class Gift:
    """What a client has beside its package: `least` of a term, or `more` on top (of a stock: what is left).

    It ends at a date, or with the cycle, the assignment, or the assignment and the revision of these numbers.
    """

    id: str
    term: str
    least: float
    more: int
    once: bool = False
    ends_at: datetime | None = None
    cycle: int | None = None
    assignment: int | None = None
    revision: int | None = None


def raised(terms: Terms, gifts: list[Gift]) -> Terms:
    """The terms with these on top; a gift without bound is a feature."""
    features = {gift.term for gift in gifts if gift.least == float("inf")}
    limits = dict(terms.limits) | {
        gift.term: _raised(dict(terms.limits).get(gift.term), gift.term, gifts)
        for gift in gifts
        if gift.term not in {*features, "user_count", "ai_credits"}
    }
    return replace(
        terms,
        features=terms.features | features,
        limits=tuple(sorted((key, cap) for key, cap in limits.items() if cap)),
        users=_raised(terms.users, "user_count", gifts) or 0,
        credits=_raised(terms.credits, "ai_credits", gifts) or None,
    )


def _raised(cap: int | str | None, term: str, gifts: list[Gift]) -> int | str | None:
    mine = [gift for gift in gifts if gift.term == term]
    if not mine or cap == "unlimited":
        return cap
    most = max([amount(cap), 0, *(gift.least for gift in mine)])
    return int(most) + sum(gift.more for gift in mine)


def amount(cap: int | str | None) -> float:
    return -1 if cap is None else float("inf") if cap == "unlimited" else float(cap)


def missing(terms: Terms, catalog: dict[str, dict[str, Any]]) -> set[str]:
    """What a package needs and a catalog does not have."""
    features = terms.features & catalog["features"].keys()
    found = {*(terms.features - features), *(dict(terms.limits).keys() - catalog["limits"].keys())}
    has_ai = any(catalog["features"][key].get("ai") for key in features)
    return found if terms.credits is None or has_ai else {*found, "ai"}


def losses(held: Terms, after: Terms) -> set[Loss]:
    """What `after` takes away or narrows, spelled out case by case."""
    found = {("feature-removed", feature) for feature in held.features - after.features}
    mine, theirs = dict(held.limits), dict(after.limits)
    for limit, cap in mine.items():
        if limit not in theirs:
            found.add(("limit-removed", limit))
        elif amount(theirs[limit]) < amount(cap):
            found.add(("limit-lowered", limit))
    if amount(after.users) < amount(held.users):
        found.add(("user-count-lowered", "user_count"))
    if amount(after.credits) < amount(held.credits):
        found.add(("ai-credits-lowered", "ai_credits"))
    if after.expiry is not None and (held.expiry is None or after.expiry < held.expiry):
        found.add(("expiry-shortened", "expiry"))
    if after.emails is not None and (held.emails is None or held.emails - after.emails):
        found.add(("emails-narrowed", "allowed_emails"))
    return found


@dataclass
class Package:
    revisions: list[Terms]
    archived: bool = False
    managed: bool = True

    @property
    def current(self) -> Terms:
        return self.revisions[-1]


@dataclass
class Holder:
    id: str
    email: str
    package: str
    revision: int
    start: datetime
    expiry: int | None
    status: str = "active"
    users: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    moved_in: tuple[int, int] | None = None
    gifts: list[Gift] = field(default_factory=list)
    cycle: int = 1
    assignment: int = 1

    def has(self, now: datetime, *, is_moved: bool = False) -> list[Gift]:
        """What has not ended, or would not have once the holder moved."""
        return [
            gift
            for gift in self.gifts
            if gift.ends_at is None or gift.ends_at > now
            if gift.cycle in {None, self.cycle} and gift.assignment in {None, self.assignment}
            if gift.revision is None or (gift.revision == self.revision and not is_moved)
        ]

    def is_active(self, now: datetime) -> bool:
        return self.status == "active" and not self.is_over(self.expiry, now)

    def is_over(self, expiry: int | None, now: datetime) -> bool:
        return expiry is not None and self.start + timedelta(days=expiry) <= now


@dataclass(frozen=True)
class Held:
    """What a client has: by its package, and beside that now and once it is moved."""

    terms: Terms
    revision: int
    gifts: list[Gift]
    kept: list[Gift]

    def losses(self, after: Terms) -> set[Loss]:
        """What a move to `after` takes, by the package or by what is given until then."""
        named, left = losses(self.terms, after), raised(after, self.kept)
        having = raised(self.terms, self.gifts)
        less = {subject for _, subject in losses(replace(having, emails=None), replace(left, emails=None))}
        found = {loss for loss in named if loss[1] in {*less, "allowed_emails"}}
        ending = {gift.term: gift for gift in self.gifts if gift not in self.kept}
        by_package = {subject for _, subject in named}
        return found | {
            (ENDING, _stated(gift))
            for term, gift in ending.items()
            if term in less and term not in by_package
        }


def _stated(gift: Gift) -> str:
    if gift.least == float("inf"):
        return f"features/{gift.term}"
    return gift.term if gift.term in {"user_count", "ai_credits"} else f"limits/{gift.term}"


@dataclass(frozen=True)
class File:
    """One package file. `states_emails` False: the key is left out."""

    terms: Terms
    states_emails: bool = True
    archived: bool = False
    rollout: str = "keep"
    per_run: int | str | None = None
    exclude: tuple[str, ...] = ()
    renamed_from: str | None = None


@dataclass(frozen=True)
class Expected:
    """What a plan must say of one package.

    Attributes:
        action: None where nothing is written.
        movers: Ids of the clients who move, in order.
        change: Per loss of the package: keep, lose, use, over, expired.
        move: The same for the reassignment.
    """

    key: str
    live_key: str
    action: str | None
    after: Terms
    archived: bool
    movers: tuple[str, ...] = ()
    holders: int = 0
    stale: int = 0
    change: dict[Loss, Count] = field(default_factory=dict)
    change_affected: int = 0
    move: dict[Loss, Count] = field(default_factory=dict)


@dataclass
class World:
    now: datetime
    live: dict[str, Package] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    catalog: dict[str, dict[str, Any]] = field(default_factory=lambda: {"features": {}, "limits": {}})

    def terms_other_than(self, catalog: dict[str, dict[str, Any]]) -> dict[tuple[str, str], Any]:
        """What the live catalog has of each term that this one has otherwise; None for what it does not."""
        return {
            (section, key): mine.get(key)
            for section, mine in self.catalog.items()
            for key in mine.keys() | catalog[section].keys()
            if mine.get(key) != catalog[section].get(key)
        }

    def taken_back(self, terms: dict[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
        """The live catalog with these terms as they were."""
        found = {section: dict(mine) for section, mine in self.catalog.items()}
        for (section, key), term in terms.items():
            found[section].pop(key, None)
            found[section] |= {} if term is None else {key: term}
        return found

    def terms(self, holder: Holder) -> Terms:
        return self.live[holder.package].revisions[holder.revision - 1]

    def entitled(self, holder: Holder) -> Terms | None:
        return raised(self.terms(holder), holder.has(self.now)) if holder.is_active(self.now) else None

    def kept(self, holder: Holder, terms: Terms) -> Terms:
        """Terms with what the holder has beside them once it is moved."""
        return raised(terms, holder.has(self.now, is_moved=True))

    def held(self, holder: Holder) -> Held:
        gifts = holder.has(self.now), holder.has(self.now, is_moved=True)
        return Held(self.terms(holder), holder.revision, *gifts)

    def losses(self, holder: Holder, after: Terms) -> set[Loss]:
        """What a move to `after` takes from the holder."""
        return self.held(holder).losses(after)

    def all_held(self) -> dict[str, Held | None]:
        """What each active client holds, and what it has beside that."""
        return {
            id_: self.held(holder) if holder.is_active(self.now) else None
            for id_, holder in self.holders.items()
        }

    def lost_since(self, before: dict[str, Held | None]) -> Counter[tuple[str, str, str]]:
        """How many clients have lost what of which package; e-mail lists take nothing from who holds it."""
        return Counter(
            (self.holders[id_].package, *self._felt(loss, self.holders[id_]))
            for id_, had in before.items()
            if had and had.revision != self.holders[id_].revision
            for loss in had.losses(self.terms(self.holders[id_]))
            if loss[0] != "emails-narrowed"
        )

    def _felt(self, loss: Loss, holder: Holder) -> Loss:
        """A shorter expiry that is over at once ends the subscription."""
        is_end = loss == SHORTENED and holder.is_over(self.terms(holder).expiry, self.now)
        return ENDED if is_end else loss

    def active(self, key: str) -> list[Holder]:
        mine = (holder for holder in self.holders.values() if holder.package == key)
        return sorted((holder for holder in mine if holder.is_active(self.now)), key=lambda each: each.id)

    def expected(self, files: dict[str, File]) -> dict[str, Expected]:
        """What the files would change, per key after the change."""
        found = {key: self._of_file(key, file, files) for key, file in files.items()}
        spoken_of = {each.live_key for each in found.values()}
        for key, package in self.live.items():
            if key not in spoken_of and package.managed and not package.archived:
                found[key] = self._weighed(
                    Expected(key, key, "archive", package.current, archived=True), frozenset()
                )
        return {key: each for key, each in found.items() if each.action or each.movers}

    def _of_file(self, key: str, file: File, files: dict[str, File]) -> Expected:
        """A package that still has a file of its own is not the one that another file renames."""
        old = file.renamed_from
        is_renamed = old is not None and key not in self.live and old in self.live and old not in files
        live_key = old if is_renamed and old else key
        package = self.live.get(live_key)
        if package is None:
            return Expected(key, key, "create", file.terms, archived=file.archived)
        after = file.terms if file.states_emails else replace(file.terms, emails=package.current.emails)
        action = self._action(package, after, file, is_renamed=live_key != key)
        expected = Expected(key, live_key, action, after, archived=file.archived)
        return self._weighed(expected, self._movers(live_key, after, file))

    @staticmethod
    def _action(package: Package, after: Terms, file: File, *, is_renamed: bool) -> str | None:
        if file.archived and not package.archived:
            return "archive"
        if package.archived and not file.archived:
            return "restore"
        if is_renamed:
            return "rename"
        return "update" if after != package.current or not package.managed else None

    def _movers(self, live_key: str, after: Terms, file: File) -> frozenset[str]:
        if file.rollout == "keep" or file.archived:
            return frozenset()
        package = self.live[live_key]
        settled = len(package.revisions) if package.current == after else None
        suited = [h for h in self.active(live_key) if h.id not in file.exclude and after.allows(h.email)]
        eligible = [holder.id for holder in suited if holder.revision != settled]
        size = len(eligible)
        if isinstance(file.per_run, int):
            size = file.per_run
        elif file.per_run is not None:
            share = int(file.per_run.rstrip("%"))
            size = -(-len(suited) * share // 100)
        return frozenset(eligible[:size])

    def _weighed(self, expected: Expected, movers: frozenset[str]) -> Expected:
        package, after = self.live[expected.live_key], expected.after
        named = losses(package.current, after)
        if expected.action == "archive":
            named.add(("package-archived", "package"))
        active = self.active(expected.live_key)
        settled = len(package.revisions) if package.current == after else None
        sources = [holder for holder in active if holder.revision != settled]
        touched = {loss: self._touched(loss, active, after) for loss in named}
        leaving = {loss for holder in sources for loss in losses(self.terms(holder), after)}
        leaving |= {loss for holder in sources for loss in self.losses(holder, after) if loss[0] == ENDING}
        return replace(
            expected,
            movers=tuple(sorted(movers)),
            holders=len(active),
            stale=sum(self.terms(holder).held != package.current.held for holder in active),
            change=self._counts(touched, after, movers),
            change_affected=len({holder.id for found in touched.values() for holder in found}),
            move=self._counts({loss: self._touched(loss, sources, after) for loss in leaving}, after, movers),
        )

    def _touched(self, loss: Loss, among: list[Holder], after: Terms) -> list[Holder]:
        if loss[0] == "package-archived":
            return among
        having = [holder for holder in among if loss in self.losses(holder, after)]
        if loss[0] == "emails-narrowed":
            return [holder for holder in having if not after.allows(holder.email)]
        return having

    def _counts(
        self, touched: dict[Loss, list[Holder]], after: Terms, movers: frozenset[str]
    ) -> dict[Loss, Count]:
        """Count keepers, losers, users, who is over and who would find the subscription expired.

        Who is moved and finds the subscription over has lost that, and no longer the longer expiry.
        """
        shortened = touched.get(SHORTENED, [])
        ended = [h for h in shortened if h.id in movers and h.is_over(after.expiry, self.now)]
        left = {**touched, SHORTENED: [holder for holder in shortened if holder not in ended]}
        counts = {
            loss: (
                sum(holder.id not in movers for holder in found),
                sum(holder.id in movers for holder in found),
                sum(self._uses(loss, holder, self.kept(holder, after)) for holder in found),
                sum(self._is_over(loss, holder, self.kept(holder, after)) for holder in found),
                sum(loss == SHORTENED and h.is_over(after.expiry, self.now) for h in found),
            )
            for loss, found in left.items()
            if found
        }
        return {**counts, ENDED: (0, len(ended), self._using(ended, after), 0, 0)} if ended else counts

    def _using(self, ended: list[Holder], after: Terms) -> int:
        """How many used anything in this cycle, or have more members than they would be left."""
        return sum(any(holder.usage.values()) or self._is_crowded(holder, after) for holder in ended)

    def _is_crowded(self, holder: Holder, after: Terms) -> bool:
        lowered = {("user-count-lowered", "user_count"), (ENDING, "user_count")}
        is_lowered = lowered & self.losses(holder, after)
        return bool(is_lowered) and holder.users > amount(self.kept(holder, after).users)

    @staticmethod
    def _uses(loss: Loss, holder: Holder, after: Terms) -> bool:
        """Whether any of it is used; of what was given, more than is left."""
        code, term = loss[0], loss[1].rpartition("/")[2]
        if code == ENDING:
            used = holder.users if term == "user_count" else holder.usage.get(term, 0)
            caps = {**dict(after.limits), "user_count": after.users, "ai_credits": after.credits}
            return used > max(amount(caps.get(term)), 0)
        metered = {"feature-removed", "limit-lowered", "limit-removed", "ai-credits-lowered"}
        return loss[0] in metered and holder.usage.get(loss[1], 0) > 0

    @staticmethod
    def _is_over(loss: Loss, holder: Holder, after: Terms) -> bool:
        code, subject = loss
        if code in {"limit-lowered", "limit-removed"}:
            return holder.usage.get(subject, 0) > max(amount(dict(after.limits).get(subject)), 0)
        if code == "ai-credits-lowered":
            return holder.usage.get("ai_credits", 0) > max(amount(after.credits), 0)
        return code == "user-count-lowered" and holder.users > amount(after.users)

    def settle(self, expected: Expected, run: int) -> None:
        """Carry out what was planned for one package."""
        package = self.live.pop(expected.live_key, None) or Package([expected.after])
        if package.current != expected.after:
            package.revisions.append(expected.after)
        if expected.action:
            package.archived, package.managed = expected.archived, True
        self.live[expected.key] = package
        for holder in self.holders.values():
            if holder.package == expected.live_key:
                holder.package = expected.key
        for id_ in expected.movers:
            self.move(self.holders[id_], len(package.revisions), run)

    def move(self, holder: Holder, revision: int, run: int) -> None:
        """Reassign within the package: start and usage stay (rule 10)."""
        holder.moved_in = (run, holder.revision)
        holder.revision = revision
        holder.expiry = self.terms(holder).expiry
