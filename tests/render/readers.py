"""One reader a medium: the figures of a plan, read back out of what people and machines are shown.

A figure is found by its package (empty: the plan as a whole) and its name; an effect by its package, what it
is about, and its name.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeAlias
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.render.story.story import Story

Figures: TypeAlias = "dict[tuple[str, str], int]"
Effects: TypeAlias = "list[tuple[str, dict[str, int]]]"
SAID = {
    "losing": r"([\d,]+) clients? loses? something now",
    "losing_in_use": r"([\d,]+) of them uses? it(?! now)",
    "ending": r"([\d,]+) subscriptions? ends?(?! with)",
    "keeping": r"([\d,]+) keeps? what (?:it has|they have) until reassigned",
    "gaining": r"([\d,]+) gains?\b(?! it)",
}
FELT = {
    "lose": r"([\d,]+) (?:(?:loses?|drops?) [^·]*?|subscriptions? ends?) with this apply",
    "lose-use": r"([\d,]+) of them uses? ",
    "lose-over": r"([\d,]+) of them (?:is|are|has|have) ",
    "keep": r"(?:^|[ :])([\d,]+) keeps? [^·]*?(?:until reassigned|the package)",
    "use": r"([\d,]+) (?:in all )?uses? ",
    "over": r"([\d,]+) (?:in all )?(?:is|are|has|have) (?!no longer|as much)",
    "not-allowed": r"([\d,]+) (?:is|are) no longer allowed",
    "expired": r"([\d,]+) would find it expired",
    "gain": r"([\d,]+) gains? it with this apply",
    "granted": r"([\d,]+) (?:keeps? it|ha(?:s|ve) as much) by a grant",
}
COLUMNS = ("holding", "losing", "losing_in_use", "keeping")
HEADING = re.compile(r"^[+~\-^>→] \w+(?: and \w+)* (?:\S+ → )?(\S+) “")


def figures_of(story: Story, names: Iterable[str] = SAID) -> Figures:
    """What the story says, without zeros."""
    wanted = set(names)
    of = {"": story.figures, **{entry.key: entry.figures for entry in story.entries}}
    return {
        (key, name): count for key, each in of.items() for name, count in each if count and name in wanted
    }


def effects_of(story: Story) -> Effects:
    """What the story says of each fact that anybody feels."""
    return [
        (entry.key, {each.name: each.count for each in fact.effects})
        for entry in story.entries
        for fact in entry.facts
        if fact.effects
    ]


def read(sentence: str, patterns: Mapping[str, str]) -> dict[str, int]:
    found = {name: re.search(pattern, sentence) for name, pattern in patterns.items()}
    counts = {name: int(match[1].replace(",", "")) for name, match in found.items() if match}
    if "something now and uses it" in sentence:
        counts["losing_in_use"] = 1
    return counts


def read_text(text: str) -> tuple[Figures, Effects]:
    key, figures, effects = "", _of("", text.splitlines()[0]), []
    for line in text.splitlines()[1:]:
        heading = HEADING.match(line)
        if heading:
            key = heading[1]
        elif line.startswith(" " * 20) and (felt := read(line.strip(), FELT)):
            effects.append((key, felt))
        elif re.match(r" {4}\S", line):
            figures |= _of(key, line)
    return figures, effects


def read_markdown(markdown: str) -> tuple[Figures, Effects]:
    lines = markdown.splitlines()
    figures, effects, keys = _of("", lines[0]), [], []
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 7 and (name := re.search(r"`([^`]+)`$", cells[1])):
            keys.append(name[1])
            for column, cell in zip(
                ("holding", "losing", "losing_in_use", "keeping"), cells[3:], strict=True
            ):
                if count := int(re.sub(r"[^\d]", "", cell) or 0):
                    figures[name[1], column] = count
    folds = re.findall(r"<details><summary>[^\w\s] .*?</details>", markdown, re.DOTALL)
    for key, fold in zip(keys, folds, strict=True):
        facts = [line for line in fold.splitlines() if line.startswith("- ") and " — " in line]
        read_back = [read(line.partition(" — ")[2], FELT) for line in facts]
        effects += [(key, felt) for felt in read_back if felt]
    return figures, effects


class Page(HTMLParser):
    """Collects `data-figure` by the package and the fact that they stand in, and the heading."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: Figures = {}
        self.effects: Effects = []
        self.heading = ""
        self._package, self._fact, self._in_heading = "", False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._package = given.get("data-package") or self._package
        self._in_heading = tag == "h1"
        if given.get("data-fact"):
            self._fact = True
            self.effects.append((self._package, {}))
        if name := given.get("data-figure"):
            count = int(given["value"] or "")
            if self._fact:
                self.effects[-1][1][name] = count
            else:
                self.figures[self._package, name] = count

    def handle_endtag(self, tag: str) -> None:
        self._in_heading = False
        self._fact = self._fact and tag != "li"

    def handle_data(self, data: str) -> None:
        self.heading += data if self._in_heading else ""


def read_html(html: str) -> tuple[Figures, Effects]:
    page = Page()
    page.feed(html)
    said = {name: count for name, count in page.figures.items() if name[1] in SAID}
    return {**said, **_of("", page.heading)}, [each for each in page.effects if each[1]]


def read_sarif(sarif: str) -> tuple[Figures, Effects]:
    (run,) = json.loads(sarif)["runs"]
    found = [(each["ruleId"], each["message"]["text"], each.get("properties", {})) for each in run["results"]]
    return _of_remarks(found)


def read_junit(junit: str) -> tuple[Figures, Effects]:
    found = []
    for case in ET.fromstring(junit).iter("testcase"):  # noqa: S314 - written by ourselves
        text = "".join(each.text or "" for each in case if each.tag in {"failure", "system-out"})
        counts = {each.get("name", ""): int(each.get("value", "")) for each in case.iter("property")}
        found.append((case.get("classname", ""), text, counts))
    return _of_remarks(found)


def read_gitlab(report: str) -> tuple[Figures, Effects]:
    found = json.loads(report)
    return _of_messages([(each["check_name"], each["description"]) for each in found])


def read_github(commands: str) -> tuple[Figures, Effects]:
    lines = [line.split("::", 2) for line in commands.splitlines()]
    return _of_messages(
        [("plan" if place == 0 else "fact", message) for place, (_, _, message) in enumerate(lines)]
    )


def _of(key: str, sentence: str) -> Figures:
    return {(key, name): count for name, count in read(sentence, SAID).items()}


def _of_remarks(found: list[tuple[str, str, dict[str, int]]]) -> tuple[Figures, Effects]:
    figures: Figures = {}
    effects: Effects = []
    for rule, message, counts in found:
        if rule == "plan":
            assert {name: n for name, n in counts.items() if n and name in SAID} == read(message, SAID)
            figures |= {("", name): count for name, count in counts.items() if count and name in SAID}
        elif counts and "losing" not in counts:
            effects.append((message.split(" ", 1)[0], counts))
    return figures, effects


def _of_messages(found: list[tuple[str, str]]) -> tuple[Figures, Effects]:
    figures: Figures = {}
    effects: Effects = []
    for rule, message in found:
        if rule == "plan":
            figures = _of("", message)
        elif not (key := message.split(" ", 1)[0]).endswith(":"):  # of an entry without losses: the headline
            felt = read(message.partition(": ")[2], FELT)
            effects += [(key, felt)] if felt else []
    return figures, effects
