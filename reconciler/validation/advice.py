"""What somebody probably meant who wrote a wrong value or key. No advice grants more than was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.english import agreed
from reconciler.model.quantities import UNLIMITED
from reconciler.model.secrets import without_secrets
from reconciler.model.terms import CAPS
from reconciler.validation.amounts import amounts_in, days_in, length_in
from reconciler.validation.problems import NEGATED, nearest, offered, slug_of
from reconciler.validation.wording import ValueKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

from reconciler.validation.problems import Path

_TRUTH: Final = {
    **dict.fromkeys(("yes", "y", "on", "ja", "oui", "si", "sí", "wahr", "vrai"), "true"),
    **dict.fromkeys(("no", "n", "off", "nein", "non", "falsch", "faux"), "false"),
}
_SHARE: Final = re.compile(r"([1-9][0-9]?|100) *(?:%|pct|per ?cent|prozent|pour ?cent)\Z")
_DAYS: Final = {"days": 1, "weeks": 7, "months": 30, "years": 365}
_NEVER: Final = frozenset(("never", "none", "no", "unlimited", "nie", "jamais"))
_NO_CAP: Final = frozenset(
    ("unlimited", "infinite", "infinity", "no limit", "max", "∞", "unbegrenzt", "unlimitiert", "illimité")
)
_NOTHING_OR_NO_CAP: Final = frozenset(("none", "any", "all", "no", "keine", "kein", "aucun", "aucune", "-"))
_EVERYBODY: Final = frozenset(("all", "everyone", "everybody", "anyone", "anybody", "alle", "tous", "*"))
_CHOICES: Final = {
    **dict.fromkeys(("move", "migrate", "upgrade", "switch", "update", "reassigned"), "reassign"),
    **dict.fromkeys(("stay", "grandfather", "retain", "leave", "kept"), "keep"),
    **dict.fromkeys(("month", "monthly", "period", "billing cycle"), "cycle"),
}
_KEYS: Final = {
    **{word: key for key, cap in CAPS.items() for word in cap.also_called},
    **dict.fromkeys(("name", "titel", "titre", "label"), "title"),
    **dict.fromkeys(("desc", "text", "beschreibung", "summary"), "description"),
    **dict.fromkeys(("trial", "duration", "valid_for", "expires", "laufzeit", "term"), "expiry"),
    **dict.fromkeys(("emails", "e_mails", "email", "addresses"), "allowed_emails"),
    **dict.fromkeys(("funktionen", "fonctions", "includes", "modules"), "features"),
    **dict.fromkeys(("grenzen", "limites", "quotas", "caps"), "limits"),
    **dict.fromkeys(("acknowledged", "acknowledgements", "acknowledgments"), "acknowledge"),
    **dict.fromkeys(("old_key", "was", "formerly", "former_key"), "renamed_from"),
    **dict.fromkeys(("deleted", "disabled", "retired", "hidden", "inactive"), "archived"),
    **dict.fromkeys(("url", "database", "host", "server"), "platform"),
}
_SECRETS: Final = frozenset(("token", "password", "passwort", "secret", "api_key", "apikey", "key"))
_HOST: Final = re.compile(r"[a-z0-9.-]+\.[a-z]{2,}(:[0-9]+)?(/\S*)?\Z")
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]*\Z")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_FILE: Final = re.compile(r"\A.*/|\.ya?ml\Z")
_PARTS: Final = re.compile(r"[\s,;]+")
_LONGEST_SHOWN: Final = 60
_UNEVEN: Final = "indent all items of a list alike, each behind a dash"
_LEFT_OUT: Final = "take the line out: what is not listed is off"
_A_LENGTH: Final = "write one whole number from 1 and one unit: days, weeks, months or years"


def advice(value: Any, wanted: Collection[ValueKind], path: Path = ()) -> str:
    """Return what to write instead of a value of none of these forms; nothing of one that holds a secret."""
    if isinstance(value, str):
        return _advice_on_text(value, wanted, path) if without_secrets(value) == value else ""
    if isinstance(value, dict):
        return _advice_on_keys(value, wanted, path)
    if isinstance(value, list):
        return _advice_on_items(wanted, path)
    return _advice_on_one_value(value, wanted, path)


def _advice_on_one_value(value: Any, wanted: Collection[ValueKind], path: Path) -> str:
    if ValueKind.LIST in wanted:
        return _list_at(path)
    if ValueKind.MAPPING in wanted:
        return _mapping_at(path)
    if ValueKind.DAYS in wanted or ValueKind.EXPIRY in wanted:
        others = ", or another unit" if ValueKind.EXPIRY in wanted else ""
        return f"write {value} {agreed(value, 'day', 'days')}{others}" if not isinstance(value, bool) else ""
    return "quote it if it is meant as text" if ValueKind.TEXT in wanted or ValueKind.KEY in wanted else ""


def choice_meant(text: str, choices: Collection[str]) -> str | None:
    """Return which of a few words was meant beyond doubt; None where that cannot be told."""
    word = text.strip().lower()
    meant = word if word in choices else _CHOICES.get(word)
    return meant if meant in choices else None


def keys_meant(key: str, known: Collection[str]) -> list[str]:
    """Return which keys may have been meant where there is none like this, the likeliest first."""
    slug = slug_of(key)
    meant = slug if slug in known else _KEYS.get(slug, "")
    return [meant] if meant in known else nearest(key, known)


def advice_on_key(key: str, known: Collection[str]) -> str:
    """Return what to write instead of a key that is not known, or an empty string."""
    if "token_env" in known and slug_of(key) in _SECRETS:
        return (
            "a secret has no place in a file, and this one is known now, so replace it; "
            "`token_env` takes the name of the variable that holds it"
        )
    if "renamed_from" in known and slug_of(key) in {"id", "key", "slug"}:
        return "take it out: the name of the file is the key"
    return offered(keys_meant(key, known))


def _advice_on_keys(value: dict[str, Any], wanted: Collection[ValueKind], path: Path) -> str:
    if ValueKind.LIST in wanted:
        return _list_at(path)
    if ValueKind.KEY in wanted and len(value) == 1:
        return _advice_on_switch(*next(iter(value.items())))
    if ValueKind.EXPIRY in wanted:
        return _A_LENGTH
    return "write the number behind the colon, on the same line" if ValueKind.NUMBER in wanted else ""


def _advice_on_switch(key: str, value: Any) -> str:
    if value is False:
        return _LEFT_OUT
    is_amount = isinstance(value, int) and value is not True
    return f"put it under `limits`: `{key}: {value}`" if is_amount else f"write {key} alone"


def _list_at(path: Path) -> str:
    """Say how a list is written where something else stands."""
    match path[-1:]:
        case ("acknowledge",):
            return "begin each entry with a dash: `- removes: audio_call`, its other keys below"
        case ("features",):
            return "list the keys that are on, each on a line that begins with a dash: `- chat`"
        case _:
            return "write each item on a line that begins with a dash"


def _mapping_at(path: Path) -> str:
    """Say how keys are written where something else stands."""
    match path:
        case (*_, "rollout"):
            return "write `existing_clients: keep` or `existing_clients: reassign` below it"
        case ("environments", _):
            return "write `platform: ...` below it"
        case _:
            return "write a line of `key: value` for each key, with a colon and a space"


def _advice_on_items(wanted: Collection[ValueKind], path: Path) -> str:
    if ValueKind.MAPPING in wanted and path == ("features",):
        return "take the dashes out, and give each key its title: `chat: {title: Live chat}`"
    if ValueKind.MAPPING in wanted:
        return "take the dashes out"
    return "write one value, without brackets and dashes" if ValueKind.LIST not in wanted else ""


def _advice_on_text(text: str, wanted: Collection[ValueKind], path: Path) -> str:
    word = text.strip().lower()
    if ValueKind.MAPPING in wanted:
        return _advice_on_mapping(text, path)
    of_word = (advise(word) for form, advise in _BY_WORD.items() if form in wanted)
    of_text = (advise(text) for form, advise in _BY_FORM.items() if form in wanted)
    return next(filter(None, (*of_word, *of_text)), "")


def _advice_on_truth(word: str) -> str:
    if word in _TRUTH:
        return f"write {_TRUTH[word]}: only `true` and `false` are truth values in YAML 1.2"
    return f"write {word}, without quotes" if word in _TRUTH.values() else ""


def _advice_on_no_cap(word: str) -> str:
    if word in _NO_CAP:
        return "write unlimited"
    if word.startswith("un") and nearest(word, (UNLIMITED,)):
        return f"did you mean `{UNLIMITED}`?"
    if word in _NOTHING_OR_NO_CAP:
        return "write the number that is meant; `unlimited` means that there is no cap"
    return ""


def _advice_on_mapping(text: str, path: Path) -> str:
    match path:
        case (*_, "rollout") if meant := choice_meant(text, ("keep", "reassign")):
            return f"write {{existing_clients: {meant}}}"
        case ("features" | "limits", _) if text:
            return f"write {{title: {text[:_LONGEST_SHOWN]}}}"
        case _:
            return _mapping_at(path)


def _advice_on_any(text: str) -> str:
    if "@" in text and not text.startswith(("@", "*")):
        return _UNEVEN if " - " in text else _in_brackets(_PARTS.split(text.strip()))
    if text.strip().lower() in _EVERYBODY:
        return "write any"
    return "list whole addresses, such as `[ops@acme.example]`; a domain cannot be allowed"


def _advice_on_list(text: str) -> str:
    if " - " in text:
        return _UNEVEN
    if text.startswith("-"):
        return "put a space behind each dash: `- chat`"
    words = [word for word in _PARTS.split(text.lower()) if word]
    if words in (["all"], ["any"], ["*"]):
        return "list each key that is on: a package has what it names and nothing else"
    if words in (["none"], ["no"]):
        return "take the key out: what is not listed is off"
    return _in_brackets(words if all(map(_KEY.match, words)) else [text])


def _in_brackets(items: list[str]) -> str:
    short = ", ".join(items)
    return f"write [{short}]" if len(short) <= _LONGEST_SHOWN else _list_at(())


def _advice_on_key(text: str) -> str:
    if " - " in text:
        return _UNEVEN
    if NEGATED.match(text):
        return _LEFT_OUT
    key = _FILE.sub("", text.strip().lower())
    if " " in key:
        return "write the key that the catalog has; put a comma between two keys"
    meant = next(filter(_KEY.match, (key, slug_of(key))), "")
    return f"write {meant}" if meant else ""


def _advice_on_share(text: str) -> str:
    match = _SHARE.match(text.strip().lower())
    if match is None:
        return "write a whole percentage, from 1% to 100%" if "%" in text else ""
    return f"write {match[1]}%"


def _advice_on_number(text: str) -> str:
    match amounts_in(text):
        case ():
            word = text.strip().lower()
            if word in _EVERYBODY | _NO_CAP:
                return "write how many at most, in digits"
            return "write it in digits, such as 10" if word.isalpha() else ""
        case ((int(count), beside),):
            return _advice_on_count(count, beside)
        case _:
            return "write one whole number"


def _advice_on_count(count: int, beside: str) -> str:
    if not beside:
        return f"write {count}, without quotes or separators"
    if "%" in beside:
        return "write how many in digits: a share cannot be given here"
    if beside.startswith("-"):
        return "write the number that is meant"
    if any(map(str.isalpha, beside)):
        return f"write {count}; what is counted stands in the catalog"
    return f"write {count}, with nothing around it"


def _advice_on_days(text: str) -> str:
    count, unit = length_in(text)
    days = count * _DAYS.get(unit, 0)
    return f"write {days} {agreed(days, 'day', 'days')}" if days else ""


def _advice_on_time(text: str) -> str:
    word = text.strip().lower()
    if word.isdecimal() and int(word):
        unit = "day" if word == "1" else "days"
        return f"write {word} {unit}, or another unit"
    if days_in(word):
        return "write how long a subscription lasts: each one counts from its own assignment"
    if word in _NEVER:
        return "leave the key out: then it never expires"
    count, unit = length_in(word)
    return f"write {count} {unit if count > 1 else unit[:-1]}" if count else _A_LENGTH


def _advice_on_date(text: str) -> str:
    days = days_in(text)
    if len(days) > 1:
        return f"write {' or '.join(days)}, whichever is meant"
    return f"write {days[0]}" if days else ""


def _advice_on_variable(text: str) -> str:
    name = text.strip("${}")
    return f"write {name}, the name alone" if text.startswith("$") and _VARIABLE.match(name) else ""


def _advice_on_url(text: str) -> str:
    if text.endswith((".db", ".sqlite", ".sqlite3")):
        path = text.removeprefix("sqlite:").lstrip("/") if text.startswith("sqlite:") else text
        return f"write sqlite:///{path[:100]}"
    return f"write https://{text[:100]}" if _HOST.match(text) else ""


_BY_WORD: Final[Mapping[ValueKind, Callable[[str], str]]] = {
    ValueKind.TRUTH: _advice_on_truth,
    ValueKind.UNLIMITED: _advice_on_no_cap,
}
_BY_FORM: Final[Mapping[ValueKind, Callable[[str], str]]] = {
    ValueKind.SHARE: _advice_on_share,
    ValueKind.NUMBER: _advice_on_number,
    ValueKind.EXPIRY: _advice_on_time,
    ValueKind.DAYS: _advice_on_days,
    ValueKind.DATE: _advice_on_date,
    ValueKind.URL: _advice_on_url,
    ValueKind.ANY: _advice_on_any,
    ValueKind.KEY: _advice_on_key,
    ValueKind.LIST: _advice_on_list,
    ValueKind.NAME: _advice_on_variable,
}
