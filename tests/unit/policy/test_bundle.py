"""The version hash, the folder, and what a loaded bundle holds."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.policy.minimal import FILES, RULE, TEXT, files

from ringfence.policy import BundleRefused, canonical_hash, load, read_folder
from ringfence.policy.expressions import Comparison, Field, Literal, Type
from ringfence.policy.plan import MeasureFunction
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE

CONTENTS = st.dictionaries(st.sampled_from(["a", "b", "rules/a.yaml", "ab"]), st.binary(max_size=8), max_size=4)


def test_the_hash_ignores_line_ends_and_the_order_of_files() -> None:
    version = load(files()).hash
    windows = {path: text.replace("\n", "\r\n").encode() for path, text in FILES.items()}
    old_macs = {path: text.replace("\n", "\r").encode() for path, text in FILES.items()}
    assert load(windows).hash == version
    assert load(old_macs).hash == version
    assert load(dict(reversed(files().items()))).hash == version
    assert len(bytes.fromhex(version)) == 32


def test_the_hash_of_a_known_content_never_changes() -> None:
    assert canonical_hash({"b": b"2\r\n", "a": b"1"}) == "2bf80011de6c471f3226934464d82a5f0ff98dd775afd60c6783455e63c74f29"


def test_tests_and_hidden_files_are_not_part_of_the_version() -> None:
    more = {"tests/scan/expected.json": b"{}", ".git/HEAD": b"x", "rules/.many-calls.yaml.swp": b"\xff"}
    assert load(files() | more).hash == load(files()).hash


@settings(deadline=None, derandomize=True)
@given(one=CONTENTS, other=CONTENTS)
def test_different_contents_have_different_hashes(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    def read(bundle: dict[str, bytes]) -> dict[str, bytes]:
        return {path: content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for path, content in bundle.items()}

    assert (canonical_hash(one) == canonical_hash(other)) == (read(one) == read(other))


def test_any_change_of_a_rule_makes_another_version() -> None:
    assert load(files(rule=RULE.replace("100", "101"))).hash != load(files()).hash


def test_a_rule_arrives_in_the_plan_with_everything_resolved() -> None:
    (rule,) = load(files()).plan.rules
    assert (rule.name, rule.clause, rule.source) == ("many-calls", "spam", "ours")
    assert (rule.on, rule.key, rule.subject) == (EventKind.ATTEMPT, (Field("account", Type.TEXT),), SubjectKind.ACCOUNT)
    assert rule.where == Comparison("==", Field("direction", Type.TEXT), Literal("outbound", Type.TEXT))
    assert (rule.window_us, rule.cool_down_us) == (MINUTE, HOUR)
    assert (rule.severity, rule.mode) == (Severity.WARN, Mode.REPORT)
    assert [(measure.name, measure.function, measure.field) for measure in rule.measures] == [
        ("calls", MeasureFunction.COUNT, None),
        ("short", MeasureFunction.COUNT, None),
    ]
    assert rule.thresholds == {"calls": 100.0, "short / calls": 0.5}


def test_durations_are_microseconds_wherever_they_stand() -> None:
    rule = RULE.replace("count()", "maximum(duration, where=ring >= 150ms)").replace("calls > 100", "calls > 1.5h")
    (read,) = load(files(rule=rule.replace(" and short / calls > 0.5", ""))).plan.rules
    assert read.measures[0].where == Comparison(">=", Field("ring", Type.NUMBER), Literal(150_000.0, Type.NUMBER))
    assert read.thresholds == {"calls": 5_400_000_000.0}


@pytest.mark.parametrize(
    ("when", "thresholds"),
    [
        ("5 <= calls < 10", {"calls": 5.0, "calls <": 10.0}),
        ("(calls  -  short) / (calls) >= 2 * 0.4", {"(calls - short) / (calls)": 0.8}),
        ("((calls / (calls + short))) > 0.5", {"calls / (calls + short)": 0.5}),
        ("not calls == 3 or short > 2", {"calls": 3.0, "short": 2.0}),
        ("calls > short", {}),
    ],
)
def test_thresholds_stand_under_the_text_they_are_compared_with(when: str, thresholds: dict[str, float]) -> None:
    rule = RULE.replace("calls > 100 and short / calls > 0.5", when) + 'minimum: none because "this is about numbers"\n'
    assert load(files(rule=rule)).plan.rules[0].thresholds == thresholds


@pytest.mark.parametrize(
    ("per", "subject"),
    [
        ("account", SubjectKind.ACCOUNT),
        ("source", SubjectKind.SOURCE),
        ("trunk", SubjectKind.TRUNK),
        ("caller", SubjectKind.NUMBER),
        ("[callee]", SubjectKind.NUMBER),
        ("[caller, callee]", SubjectKind.PAIR),
        ("destination\nsubject: source", SubjectKind.SOURCE),
    ],
)
def test_the_subject_follows_from_the_key(per: str, subject: SubjectKind) -> None:
    rule = load(files(rule=RULE.replace("per: account", f"per: {per}"))).plan.rules[0]
    assert rule.subject is subject


def test_the_rules_stand_in_the_order_of_their_names() -> None:
    other = RULE.replace("many-calls", "a-few-calls").encode()
    assert [rule.name for rule in load(files() | {"rules/z.yml": other}).plan.rules] == ["a-few-calls", "many-calls"]


def test_the_provider_is_a_parameter_of_the_text() -> None:
    bundle = load(files())
    spam = bundle.clause("spam")
    assert spam is not None
    assert (spam.title, spam.section, spam.section_title) == ("Unsolicited bulk communication", 4, "Prohibited use")
    assert spam.body == "Nobody may flood Example Voice with calls."
    assert "{{" not in bundle.text
    assert bundle.clause("malware") is None


def test_the_html_of_a_clause_escapes_what_is_not_its_markdown() -> None:
    text = TEXT.replace("Nobody may", "1. Nobody *ever* may <script>\n2. **never** `{x*y*z}`\n\n### More\nThey must not")
    spam = load(files(text=text)).clause("spam")
    assert spam is not None
    assert spam.html == (
        "<ol>\n<li>Nobody <em>ever</em> may &lt;script&gt;</li>\n<li><strong>never</strong> <code>{x*y*z}</code></li>\n</ol>\n"
        "<h3>More</h3>\n<p>They must not flood Example Voice with calls.</p>"
    )


def test_a_list_keeps_source_dates_and_further_columns() -> None:
    (row,) = load(files()).lists["protected-sources"]
    assert (row.entry, row.source, row.expiry, row.review) == ("192.0.2.7", "operations", None, date(2027, 6, 30))
    assert row.columns == {"note": "our own monitor"}


def test_networks_of_the_protected_list_are_written_canonically() -> None:
    rows = ("2001:DB8:0::/48", "198.51.100.0/24", "192.0.2.1/32")
    text = "entry,source,expiry,review\n" + "".join(f"{row},ops,2027-01-01,\n" for row in rows)
    entries = [row.entry for row in load(files(list=text)).lists["protected-sources"]]
    assert entries == ["2001:db8::/48", "198.51.100.0/24", "192.0.2.1"]


def test_a_folder_is_read_without_tests_and_hidden_files(tmp_path: Path) -> None:
    for path, content in (files() | {"tests/a/b.txt": b"x", ".hidden/c": b"x", "rules/.swap": b"x"}).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert read_folder(tmp_path) == files()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused) as refused:
        read_folder(tmp_path / "nowhere")
    assert [problem.cause for problem in refused.value.problems] == ["no such folder"]
    assert refused.value.permanent


def test_a_link_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "policy.md").symlink_to(tmp_path / "secret")
    with pytest.raises(BundleRefused) as refused:
        read_folder(tmp_path / "bundle")
    assert [(problem.file, problem.cause) for problem in refused.value.problems] == [("policy.md", "not a plain file")]
