"""Whatever bytes a bundle holds, loading gives a bundle or a list of problems, never another error."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.policy.minimal import FILES, RULE, files
from tests.unit.policy.whole import WHOLE, whole

from ringfence.policy import Bundle, BundleRefused, load, render
from ringfence.policy.durations import parse_duration, write_duration
from ringfence.policy.expressions import Expression, Type
from ringfence.policy.grammar import parse_condition
from ringfence.policy.markdown import to_html
from ringfence.policy.terms import FieldScope
from ringfence.policy.tokens import ExpressionRefused
from ringfence.vocabulary.times import Micros

STEADY = settings(deadline=None, derandomize=True, max_examples=150)

WORDS = [
    *RULE.split(),
    "(",
    ")",
    ",",
    "not",
    "in",
    "is",
    "None",
    "1min",
    "6",
    "==",
    "<",
    "-",
    "/",
    "'",
    '"',
    ":",
    "\n",
    "  ",
    "[",
    "{",
    "}",
    "&",
    "*",
    "|",
    ">",
]
WORDS_OF_WHOLE = sorted(
    {*WHOLE.split(), *WORDS, "0", "9d", "none", "because", '"x"', "rollup(party)", "classed('bulk-caller')", "peers(minutes,"}
)
KEYS_OF_WHOLE = sorted({line.split(":")[0] for line in WHOLE.split("\n") if line and line[0].isalpha()})
YAML_SOUP = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=60).map(" ".join)
EXPRESSION_WORDS = [
    "status",
    "duration",
    "answered",
    "callee",
    "plan",
    "6s",
    "404",
    "0",
    '"x"',
    "None",
    "True",
    "and",
    "or",
    "not",
    "in",
    "is",
]
EXPRESSION_SOUP = st.lists(
    st.sampled_from([*EXPRESSION_WORDS, "(", ")", ",", "<", "<=", "==", "!=", "+", "-", "*", "/", "=", "where"]), max_size=14
).map(" ".join)


def loaded_or_refused(bundle: dict[str, bytes]) -> Bundle | BundleRefused:
    result: Bundle | BundleRefused
    try:
        result = load(bundle)
    except BundleRefused as error:
        result = error
    if isinstance(result, BundleRefused):
        assert result.problems
        for problem in result.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.cause in render(problem, bundle)
    return result


def condition_or_refused(text: str) -> Expression | ExpressionRefused:
    try:
        return parse_condition(text, FieldScope())[0]
    except ExpressionRefused as error:
        return error


@STEADY
@given(
    path=st.sampled_from(sorted(FILES)),
    content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | YAML_SOUP.map(str.encode),
)
def test_random_content_of_any_file_loads_or_is_refused(path: str, content: bytes) -> None:
    loaded_or_refused(files() | {path: content})


@STEADY
@given(
    path=st.sampled_from(sorted(FILES)),
    place=st.integers(0, 10_000),
    old=st.integers(0, 6),
    new=st.text(max_size=4) | st.sampled_from(WORDS),
)
def test_a_bundle_changed_anywhere_loads_or_is_refused(path: str, place: int, old: int, new: str) -> None:
    text = FILES[path]
    place %= len(text)
    changed = text[:place] + new + text[place + old :]
    loaded_or_refused(files() | {path: changed.encode("utf-8", "surrogatepass")})


@STEADY
@given(place=st.integers(0, len(WHOLE) - 1), old=st.integers(0, 12), new=st.text(max_size=4) | st.sampled_from(WORDS_OF_WHOLE))
def test_a_rule_with_every_key_changed_anywhere_loads_or_is_refused(place: int, old: int, new: str) -> None:
    changed = WHOLE[:place] + new + WHOLE[place + old :]
    loaded_or_refused(whole() | {"rules/many-calls.yaml": changed.encode("utf-8", "surrogatepass")})


@STEADY
@given(key=st.sampled_from(KEYS_OF_WHOLE), words=st.lists(st.sampled_from(WORDS_OF_WHOLE), max_size=8))
def test_any_words_at_any_key_load_or_are_refused(key: str, words: list[str]) -> None:
    lines = [f"{key}: {' '.join(words)}" if line.startswith(f"{key}:") else line for line in WHOLE.split("\n")]
    loaded_or_refused(whole("\n".join(lines)))
    loaded_or_refused(whole("\n".join(lines).replace("tiers:\n", "tiers_:\n")))


@STEADY
@given(bundle=st.dictionaries(st.text(max_size=20), st.binary(max_size=40), max_size=5))
def test_random_files_are_refused(bundle: dict[str, bytes]) -> None:
    assert isinstance(loaded_or_refused(bundle), BundleRefused)


@STEADY
@given(text=st.text(max_size=80) | st.text(alphabet=string.printable, max_size=80) | EXPRESSION_SOUP)
def test_any_text_is_a_condition_or_refused_inside_itself(text: str) -> None:
    result = condition_or_refused(text)
    if isinstance(result, ExpressionRefused):
        assert 0 <= result.offset <= len(text)
        assert result.cause
    else:
        assert result.type is Type.BOOL


@STEADY
@given(
    text=st.sampled_from(["(", "-", "not ", "answered and ", "1 + ", "1 < "]).flatmap(
        lambda part: st.integers(1, 400).map(lambda times: part * times + "1")
    )
)
def test_deep_or_long_expressions_are_refused_and_never_exhaust_the_stack(text: str) -> None:
    result = condition_or_refused(text)
    if isinstance(result, ExpressionRefused):
        assert result.offset <= len(text)


def test_deeply_nested_yaml_and_toml_are_refused() -> None:
    for path in ("rules/many-calls.yaml", "ladder.yaml", "bundle.toml"):
        for part in (b"[", b"{a: ", b"- ", b"a = ["):
            assert isinstance(loaded_or_refused(files() | {path: part * 5000}), BundleRefused)


@STEADY
@given(markdown=st.text(alphabet="<>&\"'*`#-1. \n\tab[](){}", max_size=120))
def test_no_markup_of_the_text_reaches_the_page(markdown: str) -> None:
    html = to_html(markdown)
    for tag in ("p", "h3", "ul", "ol", "li", "em", "strong", "code"):
        html = html.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert "<" not in html
    assert ">" not in html
    assert '"' not in html


@STEADY
@given(length=st.integers(1, 3660 * 24 * 3600 * 1000).map(lambda milliseconds: Micros(milliseconds * 1000)))
def test_a_duration_is_read_as_it_was_written(length: Micros) -> None:
    written = write_duration(length)
    if len(written) <= 9:
        assert parse_duration(written) == length
