"""Tells what a teacher should have written from what it says about its task, or says by accident.

Every rule is written for precision: people in stories are sorry, refuse, swear, count and shout,
in dialect and with spelling of their own, and none of this may cost a row. What a rule cannot be
sure of stays. Which rule fires how often on real corpora is part of the card.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from emo_hub.synthesis.foresight import context_problem
from emo_hub.synthesis.wording import words
from emo_hub.taxonomy import lexicon

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["context_problem", "foreign_language", "problem"]

Fault = tuple[str, str]


def _any_of(*patterns: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | flags)


_MARK = "['\u2019]"
_I_AM = rf"\bi(?:{_MARK}m| am)"
_MODEL = r"(?:ai|artificial intelligence|ai assistant|(?:ai |large )?language model)"
# What only somebody with a task speaks of; "that" alone is what people cannot help with.
_TASK = (
    r"(?:(?:that|this|your|the|such)\s+(?:\w+\s+)?(?:requests?|prompts?|tasks?|instructions?)"
    r"|(?:(?:an?|any|the|this|that|such|your)\s+)?(?:\w+\s+){0,2}"
    r"(?:utterances?|contents?|dialogues?|rewrites?|rewritten|materials?|scenarios?|json))"
)
_CANNOT = (
    rf"(?:can(?:no|{_MARK}?)t|can not|won{_MARK}?t(?: be able to)?|will not(?: be able to)?"
    r"|unable to|must decline to|have to decline to|not able to|not comfortable)"
)
_SERVE = (
    r"(?:help|assist|comply|continue|engage|provide|create|creating|write|writing|generate"
    r"|generating|produce|complete|fulfil+|process|rewrite|do)"
)
_REFUSAL = _any_of(
    rf"\bas an? {_MODEL}\b",
    rf"{_I_AM} (?:just |only )?an? (?:ai assistant|ai model|(?:ai |large )?language model)\b",
    rf"\b{_CANNOT}(?: and will not)? {_SERVE}\b(?: you)?(?: with)? {_TASK}\b",
    rf"^(?:i(?:{_MARK}m| am) (?:really |very |so )?sorry,? ?(?:but )?)?i {_CANNOT} (?:help|assist)"
    r" (?:you )?with (?:that|this)[.!]?$",
    r"\b(?:content|usage|safety) (?:policy|policies|guidelines)\b",
    r"\bmy (?:programming|guidelines|training data) (?:does|do|don|prevent|forbid|prohibit)",
    r"\bi apologi[sz]e,? but i (?:can|am unable|will not|won)",
    r"^i (?:do not|don.?t) have enough (?:information|context) to (?:answer|write|rewrite|tell)\b",
    r"\b(?:provide|share|send)(?: me)? (?:the|a|your) "
    rf"(?:story|text|passage|line|context|utterance)s? "
    rf"(?:so (?:that )?i can|you(?:{_MARK}d| would) like|of the (?:line|story))\b",
)
_EAGER = r"(?:sure|certainly|of course|absolutely|okay|ok)"
_TASK_WORDS = (
    r"(?:utterances?|rewrites?|rewritten|rephrased|revised|reworded|ambiguous version|requested"
    r"|cleaned|json|annotations?|labels?)"
)
_META = _any_of(
    rf"^\W*(?:{_EAGER}\W+)?(?:here(?:{_MARK}s| is| are)|below (?:is|are))\b[^.!?\n]{{0,60}}"
    rf"\b(?:{_TASK_WORDS}\b|(?:version|context|summary|text|output|response)\s*:"
    r"|lines?(?: (?:for|from|of|by) [^.!?:\n]{1,40})?\s*:)",
    rf"^\W*{_EAGER}\s*[,!.]\s*(?:i can|i{_MARK}ll|let me) "
    r"(?:help|write|rewrite|generate|rephrase|provide)\b",
    r"(?:\n\s*|[(\[]\s*)(?:note|explanation|reasoning|rationale|analysis|disclaimer)\s*:",
    r"^\W*(?:please )?note\b[^.!?\n]{0,60}\b(?:utterance|rewritten|rewrite|emotion label"
    r"|the (?:line|context|emotions?) (?:remains|is|are)|the (?:character|speaker).s)\b",
    r"\bthe (?:utterance|speaker (?:expresses|conveys)|speaker.s emotion"
    r"|rewritten (?:line|version|text))\b",
    r"\bthis (?:line|text|version), (?:the|my) (?:character|speaker)\b",
    r"\bthis (?:line|rewrite|version) (?:conveys|expresses|captures|maintains|remains ambiguous)\b",
    r"\btarget emotion\b|\bslot \d+\b",
    r"\blet me know if you\b.{0,60}\b(?:revis\w+|rewrit\w+|adjust\w*|another version)\b",
)
_PREFIX = _any_of(
    r"^\W*(?:(?:rewritten|original|revised|new|ambiguous|cleaned|final|neutral)\s+)?"
    r"(?:utterance|rewrite|rewritten|context|situation|summary|descriptors?|emotions?|labels?"
    r"|output|response|inner[ _]thought|spoken[ _]line|diary entry|assistant|system|user|speaker"
    r"|tone|register|(?:context|situation|story) summary)"
    r"\s*(?:#?\d+)?\s*(?:\([^)\n]{0,40}\)\s*)?:"
)
_MARKUP = _any_of(
    r"```|\*\*\w[^*\n]*\*\*|^#{1,6} \w|[{}]|<\|[^|>\n]{1,30}\|>|\[/?INST\]",
    r"</?(?:think|answer|s|br|p|div|b|i|em|strong|unk|pad|eos|bos)\s*/?>",
    r"\[(?:UNK|PAD|CLS|SEP|MASK)\]",
    r"\[(?:insert|your|character|name of|character.s)\b[^\]\n]{0,40}\]",
    r"\\n|\\u[0-9a-f]{4}|&(?:amp|quot|lt|gt|#\d+);",
    flags=re.MULTILINE,
)
_CONTROLS = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffd\ufeff\u202a-\u202e\u2066-\u2069\ue000-\uf8ff]"
)

_LONGEST_WORD = 100
_SAME_WORD, _SAME_PHRASE = 12, 5
_LONGEST_PHRASE = 12
_FEW_DIFFERENT, _ENOUGH_TO_TELL = 0.3, 24
# Two words five times are eight words that were there before; whatever loops has as many.
_FEWEST_REPEATED = 2 * (_SAME_PHRASE - 1)

_ENOUGH_WORDS = 8
_SURE_OF_ANOTHER = 0.9
_ENGLISH_AT_MOST = 0.02
_FOREIGN_LETTERS = 0.5
_FUNCTION_WORDS = frozenset(
    words(
        """the a an and or but if of to in on at by for with from as is are was were be been am i
        you he she it we they me him her us them my your his its our their this that these those
        there here not no yes so do does did done have has had will would can could should may
        might must what who when where why how which all any some just only now then than too very
        up down out off over again im ive id dont didnt cant wont isnt thats youre theyre gonna
        aint u ur ya yer yall wot nae wee aye o dae cannae didnae wasnae ma yous em tha thee lemme
        gimme"""
    )
)


def problem(text: str) -> Fault | None:
    """Say what makes a line, a context or a rewriting unusable, whatever it was meant to express.

    Returns:
        A short reason that can be counted (`control_characters`, `markup`, `refusal`, `meta_talk`,
        `label_tag`, `repetitive`, `wrong_language`) and what was seen; None for a usable text.
    """
    for reason, pattern in (
        ("control_characters", _CONTROLS),
        ("markup", _MARKUP),
        ("refusal", _REFUSAL),
        ("meta_talk", _META),
        ("label_tag", _PREFIX),
        ("label_tag", _label_tag()),
    ):
        if (found := pattern.search(text)) is not None:
            return reason, f"{found[0].strip()!r:.80}"
    if (loop := _loop(text)) is not None:
        return "repetitive", loop
    if (language := foreign_language(text)) is not None:
        return "wrong_language", language
    return None


@cache
def _label_tag() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, lexicon()), key=lambda name: (-len(name), name)))
    felt = rf"(?:{names})(?:[,/&]\s*(?:{names})){{0,4}}(?:\s*[:=,]?\s*[01]?\.\d+)?"
    return re.compile(
        rf"^\W*[(\[*]\s*(?:tone|emotion|mood)?:?\s*{felt}(?:\s+(?:tone|mood|emotion))?\s*[)\]*]"
        rf"|[(\[]\s*(?:tone|emotion|mood)?:?\s*{felt}(?:\s+(?:tone|mood|emotion))?\s*[)\]][.!]?\s*$"
        rf"|^\W*(?:{names})(?:\s*\([^)\n]{{1,30}}\))?:\s",
        re.IGNORECASE,
    )


def _loop(text: str) -> str | None:
    told = words(text)
    different = len(set(told))
    if (longest := max(map(len, told), default=0)) > _LONGEST_WORD and "/" not in text:
        return f"a word of {longest} letters"
    if len(told) - different < _FEWEST_REPEATED:
        return None
    for word, run in groupby(told):
        if (count := len(list(run))) >= _SAME_WORD:
            return f"'{word}' {count} times in a row"
    for length in range(2, _LONGEST_PHRASE + 1):
        same = 0
        for place in range(length, len(told)):
            same = same + 1 if told[place] == told[place - length] else 0
            unit = told[place - length + 1 : place + 1]
            if same >= length * (_SAME_PHRASE - 1) and len(set(unit)) > 1:
                return f"'{' '.join(unit)}' {_SAME_PHRASE} times in a row"
    if len(told) >= _ENOUGH_TO_TELL and different < _FEW_DIFFERENT * len(told):
        return f"{different} different words in {len(told)}"
    return None


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _foreign_letters(text: str) -> str | None:
    letters = [char for char in text if char.isalpha()]
    latin = sum(unicodedata.name(char, "").startswith("LATIN") for char in letters)
    if len(letters) >= 2 and latin < _FOREIGN_LETTERS * len(letters):
        return f"{len(letters) - latin} of {len(letters)} letters are not Latin"
    return None


def foreign_language(text: str) -> str | None:
    """Name what tells that a text is not English, None where it is or where nothing is sure.

    Dialect, spelling as people type it, names and a phrase of another language pass: a text of
    Latin letters is foreign only where it is long enough, next to no function word of English
    stands in it, and the identifier of languages gives English next to no chance.
    """
    if not text.isascii() and (alphabet := _foreign_letters(text)) is not None:
        return alphabet
    told = words(text)
    if len(set(told)) < _ENOUGH_WORDS:
        return None
    english = sum(word in _FUNCTION_WORDS for word in told)
    if english > len(told) / 8:
        return None
    chances = dict(_identifier().rank(text.lower()))
    best = max(chances, key=lambda name: chances[name])
    if best != "en" and chances["en"] < _ENGLISH_AT_MOST:
        return f"{best} {chances[best]:.2f}, en {chances['en']:.2f}"
    return None
