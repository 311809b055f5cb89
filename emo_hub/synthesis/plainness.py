"""How plain a text is written: lower case, dropped apostrophes, shorthand, slips of the keyboard.

Signs alone are counted, from short lists written by hand; a slip that makes another word, such as
"lets" or "ill", stays unseen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_APOSTROPHE = re.compile(
    r"\b(?:dont|cant|wont|didnt|doesnt|isnt|wasnt|arent|werent|couldnt|wouldnt|shouldnt|hasnt|"
    r"havent|hadnt|aint|im|ive|youre|youve|theyre|theyve|weve|thats|whats|hes|shes|theres|"
    r"itll)\b"
)
_SHORTHAND = re.compile(
    r"(?<![\w-])(?:u|ur|r u|pls|plz|thx|tho|thru|gonna|wanna|gotta|kinda|sorta|lol|lmao|omg|idk|"
    r"tbh|imo|btw|rn|bc|cuz|coz|cos|ppl|ya|yall|nvm|wtf|smh|ngl|fr|tmrw|w/o|b4|gr8|2nite|dunno|"
    r"lemme|gimme)(?![\w-])"
)
_STRETCHED = re.compile(r"([a-z])\1\1")
_MISSPELT = re.compile(
    r"\b(?:teh|hte|taht|adn|nad|alot|recieve\w*|definat\w*|definit(?:ly|ley)|seperat\w*|untill|"
    r"tommorow|tomorow|tommorrow|wierd\w*|beleiv\w*|freind\w*|thier|becuase|beacuse|becasue|"
    r"occured|occassion\w*|embarass\w*|accomodat\w*|neccess\w*|truely|realy|reallly|wich|wihch|"
    r"yesturday|calender|goverment|greatful|happend|finaly|probly|prolly|suprise\w*|dissap\w+|"
    r"didn;t|don;t|can;t|shoud|woudl|cuold|thnk|thnks|jsut|liek|waht|abotu|everyhting|"
    r"somthing|somethign|anythign|nothign|togehter|litteraly|literaly|writting|comming|begining|"
    r"buisness|loosing|arguement|apparantly|basicly|completly|dissapoint\w*|"
    r"excelent|familar|foward|garantee|harras\w*|immediatly|independant|knowlege|maintenence|"
    r"noticable|publically|reccomend\w*|refered|religous|rember|remeber|rythm|sence|succesful\w*|"
    r"tounge|tryed|usualy|wether|whereever|wonderfull|gratefull|beatiful|beautifull)\b"
)
_LETTER = re.compile(r"[^\W\d_]")
SIGNS = (
    "lower_case",
    "no_end_mark",
    "dropped_apostrophe",
    "shorthand",
    "stretched",
    "misspelt",
    "any_slip",
)


def signs(text: str) -> frozenset[str]:
    """Name the signs of plain writing in a text, of `SIGNS`.

    `lower_case`: no capital stands in it. `any_slip`: a dropped apostrophe, shorthand, a stretched
    or a misspelt word.
    """
    lower = text.lower()
    found = set()
    if text == lower and _LETTER.search(text):
        found.add("lower_case")
    if text.rstrip()[-1:] not in ".!?\u2026\"'\u2019\u201d)":
        found.add("no_end_mark")
    for name, pattern in (
        ("dropped_apostrophe", _APOSTROPHE),
        ("shorthand", _SHORTHAND),
        ("stretched", _STRETCHED),
        ("misspelt", _MISSPELT),
    ):
        if pattern.search(lower):
            found |= {name, "any_slip"}
    return frozenset(found)


def plainness(texts: Iterable[str]) -> dict[str, float]:
    """Give the share of texts with each sign, 0..1; empty where there is no text."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        counts.update(signs(text))
        total += 1
    return {name: round(counts[name] / total, 4) for name in SIGNS} if total else {}
