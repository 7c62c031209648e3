"""Why a document does not match its schema, in sentences.

jsonschema does the judging here; it is slow to import and to run, and is asked only about documents that are
known to be wrong. It never fetches anything: its registry is empty.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jsonschema import Draft202012Validator
from referencing import Registry

from reconciler.model.english import counted
from reconciler.model.patterns import URL_PATTERN, VARIABLE_PATTERN
from reconciler.model.quantities import UNLIMITED
from reconciler.model.secrets import without_secrets
from reconciler.validation.advice import advice, advice_on_key, choice_meant, keys_meant
from reconciler.validation.amounts import reads_as_number
from reconciler.validation.problems import Path, Problem, did_you_mean, slug_of
from reconciler.validation.wording import Expected, ValueKind, expected, in_python, named, shown, spelling_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BESIDE_SECRETS: Final = frozenset(map(in_python, (URL_PATTERN, VARIABLE_PATTERN)))
"""What is often mistaken for the secret beside it, so that a wrong value is not shown."""
MOST_PROBLEMS: Final = 100
"""Per document."""

SchemaError: TypeAlias = Any
"""A `ValidationError` of jsonschema, whose fields its types call unset."""


def explain(document: Any, schema: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what is wrong, in the order of the schema; empty where the document matches after all."""
    strict = _in_python(schema)
    errors = Draft202012Validator(strict, registry=Registry()).iter_errors(document)
    problems = (problem for error in errors for problem in _translated(error, strict))
    first: dict[tuple[Path, str], Problem] = {}
    for problem in islice(problems, MOST_PROBLEMS):
        about = problem.message if problem.rule == "missing-key" else ""
        first.setdefault((problem.path, about), problem)
    return tuple(first.values())


def _in_python(schema: Any) -> Any:
    """Spell the end of a text as Python must, whose `$` also matches before a last line break."""
    if isinstance(schema, list):
        return [_in_python(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _in_python(part) for name, part in schema.items()}
    if isinstance(schema.get("pattern"), str):
        strict["pattern"] = in_python(schema["pattern"])
    if "patternProperties" in schema:
        patterns = strict["patternProperties"]
        strict["patternProperties"] = {in_python(pattern): patterns[pattern] for pattern in patterns}
    return strict


def _translated(error: SchemaError, root: Mapping[str, Any]) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, path, root)
        case "required":
            yield from _missing_keys(error, path)
        case "anyOf":
            yield from _alternatives(error, path, root)
        case "uniqueItems":
            yield from _repeated(error, path)
        case "type":
            yield _wrong_type(path, error.instance, expected(error.schema, root))
        case "const" | "enum":
            yield _bad_value(path, error.instance, error.schema, root)
        case "pattern":
            yield _misspelled(path, error.instance, error.validator_value)
        case "oneOf":
            yield _unclear(error, path)
        case "minItems":
            fix = "write any for every client, or list addresses"
            yield Problem(path, "empty-list", f"{named(path)} is an empty list", fix)
        case _:
            yield _out_of_range(error, path)


def _unknown_keys(error: SchemaError, path: Path, root: Mapping[str, Any]) -> Iterator[Problem]:
    schema = error.schema
    patterns = list(schema.get("patternProperties", ()))
    for key in error.instance:
        if patterns and not any(re.search(pattern, key) for pattern in patterns):
            message = f"`{without_secrets(key)[:60]}` must be {spelling_of(patterns[0]).words}"
            fix = f"write {slug}" if re.search(patterns[0], slug := slug_of(key)) else ""
            yield Problem((*path, key), "bad-key", message, fix, at_key=True)
        elif not patterns and key not in schema["properties"]:
            known = schema["properties"]
            homes = (home for name, each in known.items() for home in _homes(key, f"`{name}`", each, root))
            fix = next(homes, "") or advice_on_key(key, known) or f"the keys here are {', '.join(known)}"
            message = f"there is no key `{without_secrets(key)[:60]}` {'here' if path else 'in this file'}"
            yield Problem((*path, key), "unknown-key", message, fix, at_key=True)


def _homes(key: str, name: str, schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    """Say below which keys this one would be known."""
    match schema:
        case {"$ref": str(reference)}:
            yield from _homes(key, name, root["$defs"][reference.rpartition("/")[2]], root)
        case {"properties": dict(known)}:
            if key in known:
                yield f"put it under {name}, indented: `{key}: ...`"
            for inner, each in known.items():
                yield from _homes(key, f"`{inner}`", each, root)
        case {"items": dict(each)}:
            yield from _homes(key, f"an entry of {name}", each, root)
        case {"additionalProperties": dict(each)} | {"patternProperties": dict(each)}:
            inner = each if "patternProperties" not in schema else next(iter(each.values()))
            yield from _homes(key, f"a name in {name}", inner, root)
        case _:
            pass


def _missing_keys(error: SchemaError, path: Path) -> Iterator[Problem]:
    """Pass over a key that is there misspelled: that is told already, with what was meant."""
    known = error.schema["properties"]
    meant = {each for key in error.instance if key not in known for each in keys_meant(key, known)}
    for key in error.validator_value:
        if key not in error.instance and key not in meant:
            description = known[key]["description"]
            fix = f"add `{key}: ...`, {description[0].lower()}{description[1:].rstrip('.')}"
            yield Problem(path, "missing-key", f"{named(path)} lacks the key `{key}`", fix)


def _alternatives(error: SchemaError, path: Path, root: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge by the branch whose type the value has; where none has it, the type is wrong."""
    for index, branch in enumerate(error.validator_value):
        within = [inner for inner in error.context if inner.schema_path[0] == index]
        if any(inner.validator == "type" and not inner.path for inner in within):
            continue
        if "const" in branch or "pattern" in branch:
            yield _bad_value(path, error.instance, error.schema, root)
        else:
            for inner in within:
                yield from _translated(inner, root)
        return
    yield _wrong_type(path, error.instance, expected(error.schema, root))


def _repeated(error: SchemaError, path: Path) -> Iterator[Problem]:
    seen = set()
    for index, item in enumerate(error.instance):
        if repr(item) in seen:
            yield Problem((*path, index), "duplicate-item", f"{named(path)} lists {shown(item)} twice")
        seen.add(repr(item))


def _wrong_type(path: Path, value: Any, wanted: Expected) -> Problem:
    message = f"{named(path)} must be {wanted.words}; it is {shown(value)}"
    return Problem(path, "wrong-type", message, advice(value, wanted.forms, path))


def _bad_value(path: Path, value: Any, schema: Any, root: Mapping[str, Any]) -> Problem:
    wanted = expected(schema, root)
    if not isinstance(value, str) or (ValueKind.NUMBER in wanted.forms and reads_as_number(value)):
        return _wrong_type(path, value, wanted)
    branches = schema.get("anyOf", (schema,))
    choices = schema.get("enum", [branch["const"] for branch in branches if "const" in branch])
    message = f"{named(path)} must be {wanted.words}; it is {shown(value)}"
    rule = "bad-share" if value.endswith("%") else "bad-value"
    meant = choice_meant(value, choices)
    fix = f"write {meant}" if meant else advice(value, wanted.forms, path)
    return Problem(path, rule, message, fix or did_you_mean(value, set(choices) - {UNLIMITED}))


def _misspelled(path: Path, value: str, pattern: str) -> Problem:
    spelling = spelling_of(pattern)
    stated = "" if pattern in _BESIDE_SECRETS else f"; it is {shown(value)}"
    message = f"{named(path)} must be {spelling.words}{stated}"
    return Problem(path, spelling.rule, message, advice(value, spelling.expected.forms, path))


def _unclear(error: SchemaError, path: Path) -> Problem:
    losses = [choice["required"][0] for choice in error.validator_value]
    named_losses = [loss for loss in losses if loss in error.instance]
    what = f"names {len(named_losses)} losses" if named_losses else "names no loss"
    fix = f"write exactly one of {', '.join(f'`{loss}`' for loss in losses)}"
    return Problem(path, "acknowledgement-unclear", f"{named(path)} {what}", fix)


def _out_of_range(error: SchemaError, path: Path) -> Problem:
    bound = error.validator_value
    said = {
        "minimum": f"must be at least {bound}; it is {shown(error.instance)}",
        "maximum": f"must be at most {bound}; it is {shown(error.instance)}",
        "minLength": f"must have at least {counted(bound, 'character')}",
        "maxLength": f"must have at most {counted(bound, 'character')}",
        "maxItems": f"must have at most {counted(bound, 'item')}",
        "minProperties": f"must have at least {bound} entry",
    }[str(error.validator)]
    alternatives = error.parent.validator_value if error.parent else ()
    has_unlimited = any(branch.get("const") == "unlimited" for branch in alternatives)
    fix = "write unlimited if there is no cap" if has_unlimited else ""
    return Problem(path, "out-of-range", f"{named(path)} {said}", fix)
