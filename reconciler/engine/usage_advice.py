"""`clients usage`: what holders use of what their packages allow, and what a moderate allowance would be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.expiry import Window
from reconciler.model.packages import RevisionRef
from reconciler.model.questions import AssignedIn, ClientQuestion
from reconciler.planning import advice
from reconciler.planning.advice import NEAR_PERCENT, SEASONED_DAYS, MeterUsage, Near, PackageUsage
from reconciler.planning.impact import SAMPLE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.quantities import Quantity


def usage_advice(reader: PlatformReader, package: str | None, at: datetime) -> Iterator[PackageUsage]:
    """Yield the consumption of one package that the platform has, or of every one that somebody holds."""
    heads = {head.key: head for head in reader.packages()}
    wanted = sorted(heads) if package is None else [package]
    holdings = reader.holdings(wanted, at)
    for key in wanted:
        if package is not None or key in holdings:
            yield _Holders.read(reader, heads[key], holdings.get(key, {}), at).usage()


def near_their_caps(
    reader: PlatformReader, package: str | None, percent: int, at: datetime
) -> Iterator[Near]:
    """Yield who has used `percent` of an allowance or more, by package, allowance and id."""
    heads = {head.key: head for head in reader.packages()}
    holdings = reader.holdings(sorted(heads) if package is None else [package], at)
    for key, counts in sorted(holdings.items()):
        for meter, client in _Holders.read(reader, heads[key], counts, at).near(percent):
            yield Near(key, meter, client)


class _Holders(Struct, frozen=True):
    """The clients who hold one package, and what each of their revisions grants."""

    reader: PlatformReader
    head: PackageHead
    counts: Mapping[int, int]
    definitions: Mapping[int, Definition]
    at: datetime

    @classmethod
    def read(
        cls, reader: PlatformReader, head: PackageHead, counts: Mapping[int, int], at: datetime
    ) -> _Holders:
        wanted = [RevisionRef(head.key, number) for number in {*counts, head.revision}]
        found = {ref.revision: definition for ref, definition in reader.definitions(wanted).items()}
        return cls(reader, head, counts, found, at)

    def usage(self) -> PackageUsage:
        seasoned = self._seasoned()
        holders = sum(self.counts.values())
        meters = advice.meters_of(self.definitions.values())
        return PackageUsage(
            key=self.head.key,
            title=self.head.title,
            revision=self.head.revision,
            holders=holders,
            seasoned=seasoned,
            meters=tuple(self._meter(meter, is_young=seasoned * 2 < holders) for meter in meters),
        )

    def near(self, percent: int) -> Iterator[tuple[str, str]]:
        """Yield each meter with the clients who have used that much of it."""
        for meter in advice.meters_of(self.definitions.values()):
            questions = advice.at_least(self.head.key, meter, self._caps(meter), percent)
            found = {id_ for question in questions for id_ in self.reader.matching(question, self.at)}
            yield from ((meter, id_) for id_ in sorted(found))

    def _seasoned(self) -> int:
        window = Window(None, self.at - timedelta(days=SEASONED_DAYS))
        question = ClientQuestion(self.head.key, tuple(sorted(self.counts)), (AssignedIn((window,)),))
        (answer,) = self.reader.answers([question], self.at, sample=0)
        return answer.count

    def _meter(self, meter: str, *, is_young: bool) -> MeterUsage:
        caps = self._caps(meter)
        clients = sum(self.counts[number] for number in caps)
        used = advice.consumption(
            self.reader.consumption(self.head.key, meter, self.at) if clients else (), caps, clients
        )
        allowance = self.definitions[self.head.revision].amounts.get(meter)
        return MeterUsage(
            meter=meter,
            allowance=allowance,
            consumption=used,
            advice=advice.advised(used, allowance, is_young=is_young),
            near_sample=self._sample(meter, caps, NEAR_PERCENT) if used.near else (),
            full_sample=self._sample(meter, caps, 100) if used.full else (),
        )

    def _caps(self, meter: str) -> Mapping[int, Quantity]:
        granted = {number: self.definitions[number].amounts.get(meter) for number in self.counts}
        return {number: cap for number, cap in granted.items() if cap is not None}

    def _sample(self, meter: str, caps: Mapping[int, Quantity], percent: int) -> tuple[str, ...]:
        questions = advice.at_least(self.head.key, meter, caps, percent)
        answers = self.reader.answers(questions, self.at, sample=SAMPLE_SIZE)
        return tuple(sorted({each for answer in answers for each in answer.sample})[:SAMPLE_SIZE])
