"""The folder of packages: files to findings and to the packages that they want, one file at a time."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec.structs import replace

from reconciler.model.findings import Position
from reconciler.model.forms import PACKAGE_KEY
from reconciler.model.packages import (
    Acknowledgement,
    Definition,
    DesiredPackage,
    Pace,
    Rollout,
    Stated,
    bound_of,
)
from reconciler.model.terms import CAPS, LOSS_VERBS, Term
from reconciler.sources.documents import locate_problems, plain_document, read_document
from reconciler.sources.files import (
    RefusedFileError,
    digest_of_bytes,
    displayed,
    list_packages,
    read_any,
)
from reconciler.validation.packages import old_keys, package_problems
from reconciler.validation.problems import Problem, finding, slug_of
from reconciler.validation.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.model.catalog import Catalog
    from reconciler.model.findings import Finding
    from reconciler.sources.cache import DocumentCache, Entry, Outline
    from reconciler.sources.second_reader import SecondReader
    from reconciler.validation.problems import Path as ProblemPath


def desired_package(key: str, file: str, document: Mapping[str, Any]) -> DesiredPackage:
    """Return the package. An acknowledgement until a day that does not exist is left out: it is a finding."""
    return DesiredPackage(
        key=key,
        stated=Stated(Definition.normalised(document)),
        file=file,
        states_emails="allowed_emails" in document,
        archived=document.get("archived", False),
        renamed_from=old_keys(document),
        rollout=_rollout(document["rollout"]) if "rollout" in document else _DEFAULT_ROLLOUT,
        acknowledgements=tuple(_acknowledgements(document.get("acknowledge", ()))),
    )


def _outlined(key: str, file: str, entry: Entry, outline: Outline) -> DesiredPackage:
    stated = Stated(lambda: Definition.normalised(entry.document()), outline.definition, outline.title)
    return DesiredPackage(key, stated, file, states_emails=outline.states_emails)


_DEFAULT_ROLLOUT = Rollout()


def _rollout(document: Mapping[str, Any]) -> Rollout:
    existing_clients = document.get("existing_clients", "keep")
    every = document.get("every", "1 day" if "per_run" in document else "0 days")
    plain = _plain_rollout(existing_clients, document.get("per_run"), every, document.get("not_before"))
    return replace(plain, exclude=tuple(sorted(document["exclude"]))) if document.get("exclude") else plain


@lru_cache(maxsize=256)
def _plain_rollout(
    existing_clients: Literal["keep", "reassign"], per_run: Any, every: str, not_before: str | None
) -> Rollout:
    """Share equal values: thousands of packages have the same few policies."""
    day = None
    with suppress(ValueError):  # a day that does not exist is a finding
        day = date.fromisoformat(not_before) if not_before else None
    pace = Pace(int(every.partition(" ")[0]), day)
    return Rollout(existing_clients, bound_of(per_run), pace=pace)


def _acknowledgements(entries: list[Mapping[str, Any]]) -> Iterator[Acknowledgement]:
    for entry in entries:
        verb = next(verb for verb in LOSS_VERBS if verb in entry)
        with suppress(ValueError):
            until = date.fromisoformat(entry["until"])
            yield Acknowledgement(
                verb, Term.named(entry[verb]), entry["clients"], entry["reason"].strip(), until
            )


_MANY: Final = 1_000
"""Fewer files are parsed while a second process begins and ends."""
_OUTLINED: Final = frozenset({*Definition.__struct_fields__, *CAPS})
"""Keys that a definition is made of; what else a file says is about its package."""
_BESIDE_FEATURES: Final = frozenset(key for key, cap in CAPS.items() if cap.beside)


def _key(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


class PackageFiles:
    """What was read so far; no file's content or document is kept, so that many files fit in memory."""

    def __init__(self, root: Path, catalog: Catalog | None, today: date) -> None:
        self._root = str(root)
        self._real_root = os.path.realpath(root)
        self._vocabulary = Vocabulary.of(catalog) if catalog is not None else None
        self._today = today
        self._files: dict[str, str] = {}
        self.listed: tuple[str, ...] = ()
        self.packages: dict[str, DesiredPackage] = {}
        self.digests: dict[str, str] = {}
        self.findings: list[Finding] = []

    def read(
        self,
        folder: str,
        beside: Collection[str],
        passing: Callable[[Sequence[str]], Iterable[str]],
        *,
        documents: DocumentCache | None,
    ) -> None:
        """Read the package files of a folder, relative to the root, but those `beside`, as they pass."""
        try:
            listing = list_packages(self._root, folder, beside)
        except RefusedFileError as error:
            self.findings.append(error.finding(displayed(folder)))
            return
        self.findings += listing.findings
        self.listed = listing.files
        if not listing.files:
            problem = Problem((), "no-packages", "no package file was found", "add a file such as pro.yaml")
            self.findings.append(finding(displayed(folder), Position(), problem))
        with self._second_reader(documents) as second:
            for path in passing(listing.files):
                self._read_file(path, documents, second)
        if documents is not None:
            documents.save()

    def _second_reader(self, documents: DocumentCache | None) -> AbstractContextManager[SecondReader | None]:
        if len(self.listed) < _MANY or (documents is not None and documents.is_known):
            return nullcontext()
        from reconciler.sources.second_reader import second_reader  # noqa: PLC0415  # for many files

        return second_reader(self.listed, self._parsed_sound)

    def _parsed_sound(self, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return digest and document of a file that nothing is wrong with."""
        try:
            content = read_any(f"{self._root}/{path}", self._real_root)
        except RefusedFileError:
            return None
        document = plain_document(content, "package")
        if document is None or any(package_problems(_key(path), document, self._vocabulary, self._today)):
            return None
        return digest_of_bytes(content), document

    def _read_file(self, path: str, documents: DocumentCache | None, second: SecondReader | None) -> None:
        file, key = displayed(path), _key(path)
        if not self._is_free(key, file):
            return
        known = None if documents is None else documents.unchanged(path)
        if known is not None and known.outline is not None:
            self.digests[file] = known.digest
            self.packages[key] = _outlined(key, file, known, known.outline)
            return
        if second is not None and (sound := second.take(path)):
            self.digests[file], document = sound
            if documents is not None:
                documents.put(path, *sound)
            self._take(key, path, document, documents)
            return
        try:
            content, document = self._content_and_document(key, path, documents, known)
            if document is not None:
                is_sound = self._judge(key, path, content, document)
                self._take(key, path, document, documents if is_sound else None)
        except RefusedFileError as error:
            self.findings.append(error.finding(file))

    def _take(
        self, key: str, path: str, document: Mapping[str, Any], documents: DocumentCache | None
    ) -> None:
        """Take the package in, and remember its outline where it is sound and there is no more to it."""
        package = self.packages[key] = desired_package(key, displayed(path), document)
        if documents is not None and document.keys() <= _OUTLINED:
            documents.outline(path, package)

    def _content_and_document(
        self, key: str, path: str, documents: DocumentCache | None, known: Entry | None
    ) -> tuple[bytes, dict[str, Any] | None]:
        """Return an empty content where the file need not be read; raises `RefusedFileError`."""
        file = displayed(path)
        if known is not None:
            self.digests[file] = known.digest
            return b"", known.document()
        content = read_any(f"{self._root}/{path}", self._real_root)
        digest = self.digests[file] = digest_of_bytes(content)
        document = documents.get(path, digest) if documents is not None else None
        if document is None:
            document = self._parsed(key, path, content)
            if document is not None and documents is not None:
                documents.put(path, digest, document)
        return content, document

    def _judge(self, key: str, path: str, content: bytes, document: Mapping[str, Any]) -> bool:
        """Find the problems, whose places need a file's content, or none; raises `RefusedFileError`."""
        problems = tuple(package_problems(key, document, self._vocabulary, self._today))
        if problems and not content:
            content = read_any(f"{self._root}/{path}", self._real_root)
        self.findings += locate_problems(displayed(path), content, problems)
        return not problems

    def _is_free(self, key: str, file: str) -> bool:
        problem = None
        if PACKAGE_KEY.fault(key):
            message = f"`{displayed(key)[:80]}` cannot be the key of a package"
            slug = slug_of(key)
            fix = (
                "name the file with lower-case letters, digits, `_` and `-`, a letter first"
                if PACKAGE_KEY.fault(slug)
                else f"rename it to {slug}.yaml"
            )
            problem = Problem((), "bad-file-name", message, fix)
        elif key in self._files:
            message = f"{self._files[key]} is the package `{key}` already"
            problem = Problem((), "duplicate-key", message, "rename one of the two, or delete it")
        if problem is not None:
            self.findings.append(finding(file, Position(), problem))
            return False
        self._files[key] = file
        return True

    def _parsed(self, key: str, path: str, content: bytes) -> dict[str, Any] | None:
        reading = read_document(displayed(path), content, "package", self._vocabulary)
        self.findings += reading.findings
        if isinstance(reading.attempt, dict):
            self._judge(key, path, content, _sound(reading.attempt, reading.faulty))
        return reading.document


def _sound(attempt: dict[str, Any], faulty: frozenset[ProblemPath]) -> dict[str, Any]:
    """Leave out what is invalid, and what could only be judged beside it; of limits each one by itself."""
    limits = {path[1] for path in faulty if len(path) > 1 and path[0] == "limits"}
    invalid = {path[0] for path in faulty if path and not (path[0] == "limits" and len(path) > 1)}
    judged_beside = {"limits", "acknowledge", *_BESIDE_FEATURES} if "features" in invalid else set()
    sound = {key: value for key, value in attempt.items() if key not in invalid | judged_beside}
    if limits and "limits" in sound:
        sound["limits"] = {key: value for key, value in sound["limits"].items() if key not in limits}
    return sound
