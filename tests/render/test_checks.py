import json
import re
from xml.etree import ElementTree as ET

import pytest
from sarif_pydantic import Sarif

from reconciler.model.findings import Finding, Position
from reconciler.model.plans import Source
from reconciler.render.checks.remarks import Level, Remark, of_findings, of_story
from reconciler.render.checks.reports import code_quality, github, junit, plan_widget, sarif
from tests.naughty import TEXTS, naughty_plan
from tests.render.cases import named, told

FINDINGS = (
    Finding("packages/a.yaml", Position(3, 5), "deprecated-feature", "`old` is deprecated.", "", "warning"),
    Finding(
        "packages/b.yaml", Position(4, 12), "unknown-feature", "no feature `chta`", "did you mean `chat`?"
    ),
)
COMMAND = re.compile(r"::(?:error|warning|notice) [^:\r\n]*::[^\r\n]*")


def remark(level: Level = Level.ERROR, rule: str = "rule") -> Remark:
    return Remark(level, rule, "about", "title", "message", Source(file="packages/a.yaml", line=2, column=3))


def of_naughty(text: str) -> tuple[Remark, ...]:
    return of_story(told(naughty_plan(text)))


def test_errors_are_said_first_with_their_fix_and_place() -> None:
    remarks = of_findings(FINDINGS)

    assert [each.rule for each in remarks] == ["unknown-feature", "deprecated-feature"]
    assert github(remarks[:1]) == (
        "::error file=packages/b.yaml,line=4,col=12,title=unknown-feature"
        "::no feature `chta`; did you mean `chat`?\n"
    )


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_start_no_workflow_command_of_their_own(text: str) -> None:
    lines = github(of_naughty(text)).split("\n")

    assert lines.pop() == ""
    assert len(lines) == 10
    assert all(COMMAND.fullmatch(line) for line in lines)


def test_ten_annotations_of_a_level_fit_and_the_last_says_what_does_not() -> None:
    lines = github([remark()] * 25 + [remark(Level.WARNING)] * 10).splitlines()

    assert len(lines) == 20
    assert lines[9] == "::error title=reconciler::There is room for ten: 16 more errors left out here."
    assert [line.split()[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10


@pytest.mark.parametrize("text", TEXTS)
def test_sarif_names_every_rule_and_makes_no_link_or_placeholder(text: str) -> None:
    document = json.loads(sarif(of_naughty(text), "1.0"))

    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert document["version"] == "2.1.0"
    for result in run["results"]:
        message = result["message"]["text"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert not re.search(r"[\[\]]", re.sub(r"\\.", "", message))
        assert not re.search(r"[{}]", message.replace("{{", "").replace("}}", ""))
        line = 1 if result["ruleId"] in {"plan", "guard-loosened"} else 4
        assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": line, "startColumn": 1}


@pytest.mark.parametrize("text", TEXTS)
def test_sarif_is_what_models_of_the_standard_by_others_take_and_keep(text: str) -> None:
    document = json.loads(sarif(of_naughty(text), "1.0"))

    model = Sarif.model_validate(document)

    (run,) = json.loads(model.model_dump_json(by_alias=True, exclude_none=True))["runs"]
    ours = document["runs"][0]
    assert run["tool"] == ours["tool"]
    assert [(each["ruleId"], each["message"], each["level"]) for each in run["results"]] == [
        (each["ruleId"], each["message"], each["level"]) for each in ours["results"]
    ]


def test_a_guard_that_is_loosened_is_told_in_every_report_and_not_only_in_the_headline() -> None:
    remarks = of_story(told(named("loosened")))

    for report in (sarif(remarks, "1.0"), junit(remarks, (), "plan"), code_quality(remarks), github(remarks)):
        assert report.count("Guards: loosens") == len(named("loosened").loosened)


def test_a_file_name_in_sarif_is_a_relative_uri() -> None:
    odd = Remark(Level.ERROR, "r", "", "t", "m", Source(file="packages/a b:c%.yaml"))

    document = json.loads(sarif([odd], "1.0"))

    location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "packages/a%20b%3Ac%25.yaml"


@pytest.mark.parametrize("text", TEXTS)
def test_junit_is_well_formed_and_counts_its_failures(text: str) -> None:
    document = ET.fromstring(junit(of_naughty(text), [text], "plan"))  # noqa: S314 - written just above

    cases = list(document.iter("testcase"))
    assert document.get("tests") == str(len(cases))
    assert document.get("failures") == str(sum(case.find("failure") is not None for case in cases))
    assert cases[1].get("line") == "4"


@pytest.mark.parametrize("text", TEXTS)
def test_gitlab_issues_have_what_it_requires_and_fingerprints_of_their_own(text: str) -> None:
    issues = json.loads(code_quality(of_naughty(text)))

    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_the_plan_widget_counts_creates_updates_and_deletes() -> None:
    assert json.loads(plan_widget(naughty_plan("x"))) == {"create": 0, "update": 2, "delete": 0}


def test_every_loss_is_annotated_at_its_own_line_where_the_file_has_one() -> None:
    remarks = of_story(told(named("review")))

    lines = {each.rule: each.source.line for each in remarks if each.source and "professional" in each.about}
    assert (lines["feature-removed"], lines["limit-lowered"]) == (4, 7)
    assert "limit-removed" not in lines  # it is told with its feature, of whose holders it is taken


def test_who_loses_nothing_is_one_notice_a_package() -> None:
    notices = [each for each in of_story(told(named("nothing-lost"))) if each.rule != "plan"]

    assert [(each.level, each.title) for each in notices] == [(Level.NOTICE, "pro: nothing is lost")]


def test_a_fingerprint_stays_while_lines_move() -> None:
    moved = Finding(
        "packages/b.yaml", Position(9, 1), *(getattr(FINDINGS[1], n) for n in ("rule", "message"))
    )

    assert of_findings([moved])[0].fingerprint == of_findings(FINDINGS)[0].fingerprint
