"""What somebody probably meant who wrote a wrong value or key. No advice grants more than was written."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.english import agreed
from reconciler.model.terms import CAPS
from reconciler.validation.problems import nearest, offered, slug_of
from reconciler.validation.wording import ValueKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

from reconciler.validation.problems import Path

_TRUTH: Final = {
    **dict.fromkeys(("yes", "y", "on", "ja", "oui", "si", "sí", "wahr", "vrai"), "true"),
    **dict.fromkeys(("no", "n", "off", "nein", "non", "falsch", "faux"), "false"),
}
_DIGITS: Final = re.compile(r"[0-9][0-9,_ '.]*\Z")
_COUNTED: Final = re.compile(r"([0-9][0-9,_ .']*) *([^\W\d_]+)\Z")
_QUOTED: Final = re.compile(r"[^\w\s%]*[0-9]+[^\w\s%]*\Z")
_SHARE: Final = re.compile(r"([1-9][0-9]?|100) *(?:%|pct|per ?cent|prozent|pour ?cent)\Z")
_THOUSANDS: Final = {"k": "000", "m": "000000"}
_TIME: Final = re.compile(r"([1-9][0-9]{0,4}|[a-z]+) *([^\W\d_]+)\Z")
_UNITS: Final = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen", "jour", "jours"), "days"),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen", "semaine", "semaines"), "weeks"),
    **dict.fromkeys(("m", "mo", "month", "months", "monat", "monate", "mois"), "months"),
    **dict.fromkeys(("y", "year", "years", "jahr", "jahre", "an", "ans", "année", "années"), "years"),
}
_WORDS_FOR_NUMBERS: Final = {
    **dict.fromkeys(("a", "an", "one", "ein", "eine", "einen", "un", "une"), 1),
    **dict.fromkeys(("two", "zwei", "deux"), 2),
    **dict.fromkeys(("three", "drei", "trois"), 3),
    **dict.fromkeys(("four", "vier", "quatre"), 4),
    **dict.fromkeys(("six", "sechs"), 6),
}
_EACH: Final = {"daily": "1 day", "weekly": "1 week", "monthly": "1 month", "yearly": "1 year"} | {
    unit: f"1 {unit}" for unit in ("day", "week", "month", "year")
}
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
    **dict.fromkeys(("url", "database", "host", "server"), "platform"),
}
_SECRETS: Final = frozenset(("token", "password", "passwort", "secret", "api_key", "apikey", "key"))
_DATES: Final = (
    *("%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y-%m-%d"),
    *("%d %B %Y", "%d. %B %Y", "%B %d %Y", "%B %d, %Y", "%d %b %Y", "%b %d %Y", "%b %d, %Y"),
)
_HOST: Final = re.compile(r"[a-z0-9.-]+\.[a-z]{2,}(:[0-9]+)?(/\S*)?\Z")
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]*\Z")


def reads_as_number(value: Any) -> bool:
    """Whether it is text that holds a number."""
    return isinstance(value, str) and _DIGITS.match(value) is not None


def advice(value: Any, wanted: Collection[ValueKind], path: Path = ()) -> str:
    """Return what to write instead of a value of none of these forms, or an empty string."""
    if isinstance(value, str):
        return _advice_on_text(value, wanted, path)
    if isinstance(value, dict):
        return _advice_on_keys(value, wanted, path)
    if isinstance(value, list):
        return _advice_on_items(wanted, path)
    if not isinstance(value, (bool, int)):
        return ""
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
    return offered(keys_meant(key, known))


def _advice_on_keys(value: dict[str, Any], wanted: Collection[ValueKind], path: Path) -> str:
    if ValueKind.LIST in wanted and path[-1:] == ("acknowledge",):
        return "begin each entry with a dash: `- removes: audio_call`, its other keys below"
    if ValueKind.LIST in wanted:
        return "list the keys that are on, each on a line that begins with a dash: `- chat`"
    if ValueKind.KEY in wanted and len(value) == 1:
        key, is_on = next(iter(value.items()))
        return "take the line out: what is not listed is off" if is_on is False else f"write {key} alone"
    return "write the number behind the colon, on the same line" if ValueKind.NUMBER in wanted else ""


def _advice_on_items(wanted: Collection[ValueKind], path: Path) -> str:
    if ValueKind.MAPPING in wanted and path == ("features",):
        return "take the dashes out, and give each key its title: `chat: {title: Live chat}`"
    if ValueKind.MAPPING in wanted:
        return "take the dashes out"
    return "write one value, without brackets and dashes" if ValueKind.LIST not in wanted else ""


def _advice_on_text(text: str, wanted: Collection[ValueKind], path: Path) -> str:
    word = text.strip().lower()
    if ValueKind.TRUTH in wanted and word in _TRUTH:
        return f"write {_TRUTH[word]}: only `true` and `false` are truth values in YAML 1.2"
    if ValueKind.UNLIMITED in wanted and word in _NO_CAP:
        return "write unlimited"
    if ValueKind.UNLIMITED in wanted and word in _NOTHING_OR_NO_CAP:
        return "write the number that is meant; `unlimited` means that there is no cap"
    if ValueKind.MAPPING in wanted:
        return _advice_on_mapping(text, path)
    given = (advise(text) for form, advise in _BY_FORM.items() if form in wanted)
    return next(filter(None, given), "")


def _advice_on_mapping(text: str, path: Path) -> str:
    if path[-1:] == ("rollout",):
        meant = choice_meant(text, ("keep", "reassign"))
        return f"write {{existing_clients: {meant}}}" if meant else ""
    if path[:1] in {("features",), ("limits",)} and text:
        return f"write {{title: {text[:60]}}}"
    return "write a line of `key: value` for each key, with a colon and a space" if text else ""


def _advice_on_any(text: str) -> str:
    if "@" in text and not text.startswith(("@", "*")):
        return f"write [{text.strip()[:60]}]"
    if text.strip().lower() in _EVERYBODY:
        return "write any"
    return "list whole addresses, such as `[ops@acme.example]`; a domain cannot be allowed"


def _advice_on_list(text: str) -> str:
    if text.startswith("-"):
        return "put a space behind each dash: `- chat`"
    words = [word for word in re.split(r"[\s,;]+", text.lower()) if word]
    if words in (["all"], ["any"], ["*"]):
        return "list each key that is on: a package has what it names and nothing else"
    if words in (["none"], ["no"]):
        return "take the key out: what is not listed is off"
    return f"write [{', '.join(words)[:60]}]" if all(map(_KEY.match, words)) else f"write [{text[:60]}]"


def _advice_on_key(text: str) -> str:
    if " " in text.strip():
        return "write the key that the catalog has; put a comma between two keys"
    return f"write {slug}" if _KEY.match(slug := slug_of(text)) else ""


def _advice_on_share(text: str) -> str:
    match = _SHARE.match(text.strip().lower())
    return f"write {match[1]}%" if match else ""


def _advice_on_number(text: str) -> str:
    if reads_as_number(text):
        return f"write {re.sub('[^0-9]', '', text)}, without quotes or separators"
    if match := _COUNTED.match(text):
        digits, unit = re.sub("[^0-9]", "", match[1]), match[2].lower()
        if unit in _THOUSANDS:
            return f"write {digits}{_THOUSANDS[unit]}"
        return f"write {digits}; what is counted stands in the catalog"
    if text.strip().lower() in _EVERYBODY:
        return "write how many at most, in digits"
    if _QUOTED.match(text):
        return f"write {re.sub('[^0-9]', '', text)}, without quotes"
    return "write it in digits, such as 10" if text.isalpha() else ""


def _advice_on_days(text: str) -> str:
    count, unit = _length_of(text)
    days = count * _DAYS.get(unit, 0)
    return f"write {days} {agreed(days, 'day', 'days')}" if days else ""


def _advice_on_time(text: str) -> str:
    word = text.strip().lower()
    if word.isdecimal():
        unit = "day" if word == "1" else "days"
        return f"write {word} {unit}, or another unit"
    if next(_days_read(word), None):
        return "write how long a subscription lasts: each one counts from its own assignment"
    if word in _NEVER:
        return "leave the key out: then it never expires"
    count, unit = _length_of(word)
    return f"write {count} {unit if count > 1 else unit[:-1]}" if count else ""


def _advice_on_date(text: str) -> str:
    days = sorted(set(_days_read(text.strip())))
    if len(days) > 1:
        return f"write {' or '.join(days)}, whichever is meant"
    return f"write {days[0]}" if days else ""


def _advice_on_url(text: str) -> str:
    if text.endswith((".db", ".sqlite", ".sqlite3")):
        path = text.removeprefix("sqlite:").lstrip("/") if text.startswith("sqlite:") else text
        return f"write sqlite:///{path[:100]}"
    return (
        f"write https://{text[:100]}"
        if re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}(:[0-9]+)?(/\S*)?", text)
        else ""
    )


def _length_of(text: str) -> tuple[int, str]:
    """Return count and unit of a length of time, 0 where it is none."""
    word = text.strip().lower()
    match = _TIME.match(_EACH.get(word, word))
    if match is None or match[2] not in _UNITS:
        return 0, ""
    return int(match[1]) if match[1].isdecimal() else _WORDS_FOR_NUMBERS.get(match[1], 0), _UNITS[match[2]]


def _days_read(text: str) -> Iterator[str]:
    """Read a date as people write it; where the month may stand first, both days."""
    for form in _DATES:
        try:
            yield f"{datetime.strptime(text, form):%Y-%m-%d}"  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue


_BY_FORM: Final[Mapping[ValueKind, Callable[[str], str]]] = {
    ValueKind.SHARE: _advice_on_share,
    ValueKind.NUMBER: _advice_on_number,
    ValueKind.EXPIRY: _advice_on_time,
    ValueKind.DAYS: _advice_on_days,
    ValueKind.DATE: _advice_on_date,
    ValueKind.URL: _advice_on_url,
    ValueKind.ANY: _advice_on_any,
    ValueKind.LIST: _advice_on_list,
    ValueKind.KEY: _advice_on_key,
}
