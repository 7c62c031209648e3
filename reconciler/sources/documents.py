"""From a file's bytes to a schema-valid document, or to findings that say why there is none."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.model.findings import Position
from reconciler.sources.schemas import schema_of, validator_of
from reconciler.sources.yaml.fast import DoubtfulError, load
from reconciler.validation.problems import Path, Problem, finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.findings import Finding
    from reconciler.sources.schemas import Kind
    from reconciler.sources.yaml.inspection import Inspection
    from reconciler.validation.vocabulary import Vocabulary

MOST_PROBLEMS: Final = 100
"""Of one file, that are told one by one."""


class Reading(Struct, frozen=True):
    """A file's document; None exactly where `findings` has an error.

    Attributes:
        attempt: What could be made of a file that is invalid.
        faulty: Paths of the attempt at which something is wrong.
    """

    document: dict[str, Any] | None
    findings: tuple[Finding, ...] = ()
    attempt: Any = None
    faulty: frozenset[Path] = frozenset()


def read_document(file: str, content: bytes, kind: Kind, vocabulary: Vocabulary | None = None) -> Reading:
    """Read a file: fast where all is well, with care and explanations where it is not.

    A vocabulary tells which of its keys was meant.
    """
    document = plain_document(content, kind)
    if document is not None:
        return Reading(document)
    return _explained(file, inspected(content), kind, vocabulary)


def plain_document(content: bytes, kind: Kind) -> dict[str, Any] | None:
    """Return the document of a file that is valid beyond doubt."""
    try:
        document = load(content)
    except DoubtfulError:
        return None
    return document if validator_of(kind).is_valid(document) else None


def inspected(content: bytes) -> Inspection:
    """Read a file with care; what that needs is loaded only here."""
    from reconciler.sources.yaml.inspection import inspect  # noqa: PLC0415  # 6 ms, where something is wrong

    return inspect(content)


def read_faults(file: str, content: bytes) -> list[Finding]:
    """Return why a file is no acceptable mapping in YAML, whatever its keys mean."""
    try:
        load(content)
    except DoubtfulError:
        inspection = inspected(content)
        if inspection.faults or isinstance(inspection.document, dict):
            return _faults(file, inspection)
        message = "a file holds keys and values, not a list or a single value"
        return [finding(file, Position(), Problem((), "wrong-type", message, "write `key: value` lines"))]
    return []


def _faults(file: str, inspection: Inspection) -> list[Finding]:
    return [
        finding(file, fault.position, Problem(fault.path, fault.rule, fault.message, fault.fix))
        for fault in inspection.faults
    ]


def _explained(file: str, inspection: Inspection, kind: Kind, vocabulary: Vocabulary | None) -> Reading:
    faults = _faults(file, inspection)
    problems: tuple[Problem, ...] = ()
    if inspection.document is not None:
        problems = tuple(_schema_problems(inspection, kind))
        if vocabulary is not None:
            problems = tuple(vocabulary.advised(each, inspection.document) for each in problems)
    if not faults and not problems:
        return Reading(inspection.document)
    faulty = {*(fault.path for fault in inspection.faults), *(problem.path for problem in problems)}
    findings = (*faults, *_located(file, inspection, problems))
    return Reading(None, findings, inspection.document, frozenset(faulty))


def _schema_problems(inspection: Inspection, kind: Kind) -> Iterable[Problem]:
    """Leave out what is wrong with a stand-in, since its own fault is told already."""
    from reconciler.validation.explanation import explain  # noqa: PLC0415  # 130 ms, for invalid files only

    faulty = inspection.faulty_paths
    return (
        problem for problem in explain(inspection.document, schema_of(kind)) if problem.path not in faulty
    )


def locate_problems(file: str, content: bytes, problems: Iterable[Problem]) -> list[Finding]:
    """Return the first `MOST_PROBLEMS` problems with a document, as findings at their places in its file."""
    told = list(islice(problems, MOST_PROBLEMS))
    return _located(file, inspected(content), told) if told else []


def _located(file: str, inspection: Inspection, problems: Iterable[Problem]) -> list[Finding]:
    return [finding(file, position_of(inspection, problem), problem) for problem in problems]


def position_of(inspection: Inspection, problem: Problem) -> Position:
    """Return the place of the value (or key) concerned, or of what is around it."""
    path: Path = problem.path
    while path not in inspection.places and path:
        path = path[:-1]
    place = inspection.places.get(path)
    if place is None:
        return Position()
    return place.key if problem.at_key and path == problem.path else place.value
