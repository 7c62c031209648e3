from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.render.story.words import Span, Tone
from reconciler.render.text.style import Paper, cells

NARROW = Paper(40)


def test_words_that_do_not_fit_go_to_the_next_line_under_the_first() -> None:
    lines = list(Paper(30).lines(["one two three four five"], indent=2, label=Span("+ it"), column=10))

    assert lines == ["  + it      one two three four", "            five"]


def test_a_long_label_pushes_the_first_line_only() -> None:
    lines = list(Paper(30).lines(["one two three"], label=Span("twelve chars"), column=6))

    assert lines == ["twelve chars one two three"]


def test_a_word_longer_than_a_line_is_broken_and_loses_nothing() -> None:
    word = "x" * 95

    lines = list(NARROW.lines([word], indent=4))

    assert "".join(line.strip() for line in lines) == word
    assert max(map(cells, lines)) == 40


def test_a_word_may_run_over_several_styles() -> None:
    lines = list(Paper(20).lines(["aaaaaaaaaa bbbb", Span("cccc", Tone.STRONG), "dddd eee"]))

    assert lines == ["aaaaaaaaaa", "bbbbccccdddd eee"]


def test_without_a_width_nothing_is_broken() -> None:
    text = "word " * 500

    assert list(Paper(None).lines([text])) == [text.strip()]


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert list(NARROW.lines([Span("red", Tone.ALARM)])) == ["red"]


def test_colour_changes_no_character_that_is_seen() -> None:
    assert list(Paper(40, colour=True).lines([Span("red", Tone.ALARM), " x"])) == ["\x1b[1;31mred\x1b[0m x"]


def test_wide_characters_take_two_cells() -> None:
    assert [cells(text) for text in ("abc", "日本", "e\u0301", "")] == [3, 4, 1, 0]


@given(
    st.lists(st.text(max_size=30), max_size=12),
    st.integers(min_value=40, max_value=120),
    st.integers(min_value=0, max_value=16),
)
def test_no_line_is_wider_than_the_paper(texts: list[str], width: int, indent: int) -> None:
    for line in Paper(width).lines(texts, indent=indent, label=Span("~ limit"), column=10):
        assert cells(line) <= width


@given(st.text(alphabet="aé日本語 ひらがな漢字カナ", max_size=200))
def test_cells_agree_with_another_measure(text: str) -> None:
    assert cells(text) == cell_len(text)


@given(st.lists(st.text(max_size=20)), st.integers(min_value=40, max_value=80))
def test_nothing_unsafe_reaches_a_line(texts: list[str], width: int) -> None:
    for line in Paper(width).lines(texts):
        assert all(character.isprintable() or character.isspace() for character in line if character < "\xa0")
