"""Prose to paragraphs and sentences: what a narrative is cut into, and nothing is lost by it.

Made for stories with dialogue. A sentence may end inside a quotation, so that a long speech does
not become one sentence, and `"Who is there?" asked the king.` stays one.
"""

from __future__ import annotations

import re

# What it costs to end a passage within a paragraph, beside one that is half of its due length.
_PARAGRAPH = 0.25
_CLAUSE = re.compile(r"[,;:]$")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
# Where lines are longer than this, nobody wrapped them: a line that ends a sentence ends more.
_LONGEST_WRAPPED_LINE = 120
_BLANK_LINE_OR_FULL_STOP = re.compile(r"""\n[ \t]*\n|(?<=[.!?…:"'”\u2019»])[ \t]*\n""")
# Begins only where a run of marks does: a page of dots must not be tried from each of them.
_END = re.compile(
    r"""(?<![.!?…])([.!?…]++["'”\u2019»)\]*_]*+)\s+(?=["'“\u2018«(\[*_—\u2013-]*(\S))"""
)
_LAST_WORD = re.compile(r"""([\w.'\u2019-]+)\.["'”\u2019»)\]]*$""")
_LONGEST_ABBREVIATION = 24
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_TITLES = frozenset((
    "mr", "mrs", "ms", "mm", "messrs", "mme", "mlle", "dr", "st", "ste", "prof", "rev", "revd",
    "hon", "capt", "cpt", "col", "gen", "lt", "sgt", "cpl", "maj", "adm", "gov", "sen", "jun",
    "sr", "jr", "esq", "mt", "ft", "vs", "viz", "cf", "e.g", "i.e",
))  # fmt: skip
_BEFORE_NUMBERS = frozenset(("no", "nos", "p", "pp", "ch", "chap", "fig", "vol", "art"))
_SPOKEN = re.compile(
    r"(?:[A-Z][\w'\u2019-]*\s+){1,3}(?:said|asked|cried|replied|answered|exclaimed|shouted|called|"
    r"whispered|inquired|enquired|screamed|begged|demanded|thought)\b"
)


def paragraphs(text: str) -> tuple[str, ...]:
    """Cut a text at its blank lines, and, unless it is wrapped, where a line ends a sentence.

    Returns:
        The paragraphs, white space within each made single spaces; none is empty.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    wrapped = all(len(line) <= _LONGEST_WRAPPED_LINE for line in lines.split("\n"))
    border = _BLANK_LINE if wrapped else _BLANK_LINE_OR_FULL_STOP
    return tuple(joined for piece in border.split(lines) if (joined := " ".join(piece.split())))


def sentences(paragraph: str) -> tuple[str, ...]:
    """Cut a paragraph into its sentences; joined by single spaces they give it again.

    Args:
        paragraph: prose with single spaces.
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(paragraph):
        if _ends(paragraph, start, match):
            found.append(paragraph[start : match.end(1)])
            start = match.end()
    if rest := paragraph[start:].strip():
        found.append(rest)
    return tuple(found)


def balanced_cuts(words: list[int], ends: set[int], most_words: int) -> list[int]:
    """Place cuts so that lengths are about equal and few paragraphs are torn.

    Args:
        words: in each sentence, none above `most_words`.
        ends: after how many sentences a paragraph ends.
        most_words: between two cuts.

    Returns:
        After how many sentences to cut, from 0 to all of them.
    """
    parts = -(-sum(words) // most_words)
    if parts == 1:
        return [0, len(words)]
    due = sum(words) / parts
    cost = [0.0]
    before = [0]
    for end in range(1, len(words) + 1):
        torn = 0.0 if end in ends else _PARAGRAPH
        length = 0
        best = (float("inf"), 0)
        for start in range(end - 1, -1, -1):
            length += words[start]
            if length > most_words:
                break
            best = min(best, (cost[start] + (length / due - 1) ** 2 + torn, start))
        cost.append(best[0])
        before.append(best[1])
    cuts = [len(words)]
    while cuts[-1]:
        cuts.append(before[cuts[-1]])
    return cuts[::-1]


def bounded(sentence: str, most_words: int) -> list[str]:
    """Cut what is longer than it may be, after a comma in its later half or else between words."""
    words = sentence.split(" ")
    pieces: list[str] = []
    while len(words) > most_words:
        clauses = [n for n in range(most_words // 2, most_words) if _CLAUSE.search(words[n])]
        end = clauses[-1] + 1 if clauses else most_words
        pieces.append(" ".join(words[:end]))
        words = words[end:]
    return [*pieces, " ".join(words)]


def _ends(paragraph: str, start: int, match: re.Match[str]) -> bool:
    following: str = match[2]
    if following.islower() or following in ".,;:!?…":
        return False
    marks: str = match[1]
    quoted = marks[-1] in "\"'”\u2019»"
    if quoted and marks[0] in "!?" and _SPOKEN.match(paragraph, match.end()):
        return False
    begin = max(start, match.start(1) - _LONGEST_ABBREVIATION)
    word = _LAST_WORD.search(paragraph, begin, match.end(1))
    return not marks.startswith(".") or word is None or not _abbreviates(word[1], following)


def _abbreviates(word: str, following: str) -> bool:
    if word.lower() in _BEFORE_NUMBERS:
        return following.isdigit()
    # "So did I. Then ...": alone, this letter is a pronoun far more often than an initial.
    return word.lower() in _TITLES or (word != "I" and _INITIALS.fullmatch(word) is not None)
