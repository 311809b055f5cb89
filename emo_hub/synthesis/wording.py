"""Questions about words: does a text name an emotion, does it copy another, what does it share."""

from __future__ import annotations

import re
from functools import cache

from emo_hub.taxonomy import lexicon

_WORD = re.compile(r"\w+")
# Entries of the lexicon that say what somebody does or what is the case, not only what is felt.
_ALSO_DEEDS = {
    "neutral", "content", "prepared", "faithful", "agreeing", "acknowledging", "encouraging",
    "consoling", "suggesting", "questioning", "wishing", "expecting", "objecting", "approving",
    "respect", "interested", "trust", "trusting", "supportive", "sorry", "caring", "kind",
    "laughing", "desire", "apologetic", "anticipating", "anticipation", "confident", "approval",
    "disapproval", "realization", "tender", "interest", "concern", "ready", "moved", "touched",
    "crushed", "wonder", "bored", "isolated", "loyal", "loyalty", "preparedness", "agreement",
    "disagreeing", "acknowledgement", "suggestion", "inquiring", "consolation", "encouragement",
    "awkward", "sentimental",
}  # fmt: skip
_FURTHER = {
    "upset", "glad", "gladness", "gladly", "miserable", "misery", "rage", "terror", "panic",
    "panicked", "dread", "delight", "hate", "hates", "hated", "hatred", "worry", "worries",
    "jealousy", "cheerful", "cheerfully", "gloomy", "horrified", "horror", "dismay", "dismayed",
    "despair", "desperate", "desperately", "anxiety", "frustration", "frustrated", "irritation",
    "bitterly", "bitterness", "resentment", "resentful", "resents", "enraged",
    "outraged", "heartbroken", "joyous", "joyfully", "happiness", "happily", "sadly", "angrily",
    "proudly", "nervously", "anxiously", "fearful", "fears", "fearing", "feared", "loves", "loved",
    "unhappy", "mourning", "grieves", "grief", "regret", "regrets", "longs", "longing", "yearning",
    "homesick", "humiliation", "pity", "pities", "fury", "wrath", "scorn", "disgusting",
    "exasperated", "exasperation", "indignant", "indignation", "astonishment", "amazed",
    "amazement", "melancholy", "wistful", "wistfully", "elated", "ecstatic", "dejected",
    "distraught", "distress", "distressed", "agitated", "alarmed", "aggrieved", "smug", "spite",
    "spiteful", "hopeless", "hopelessly", "glee", "gleeful", "gleefully", "sorrowful",
    "sorrowfully", "mournful", "mournfully", "fondly", "lovingly", "uneasy", "unease", "uneasily",
    "overjoyed", "infuriated", "livid", "envies", "adore", "adores", "adored", "detests",
    "despises", "disgruntled", "exhilarated", "remorseful", "guiltily", "gratefully", "terrifying",
    "terrifies", "frightening", "frightens", "saddened", "angered", "saddens", "bewildered",
    "bewilderment", "perplexed", "impatient", "impatience", "impatiently", "excitedly", "eagerly",
    "anguish", "anguished", "tormented", "exultant", "angers", "boredom",
}  # fmt: skip


# What a face or a voice does; deeds that a story may turn on (laughing at somebody) are not here.
_SHOWN = {
    "trembles", "trembling", "weeps", "weeping", "sobs", "sobbing", "blushes", "blushing", "grins",
    "grinning", "grin", "beams", "beaming", "scowls", "scowling", "shudders", "shuddering",
    "sighs", "sighing",
}  # fmt: skip
# A formula of letters ("I hope you are well") tells nothing of what is felt.
_FORMULA = re.compile(r"\bi hope (?:you|this|all|everyone|the)\b", re.IGNORECASE)


@cache
def _emotion_words() -> frozenset[str]:
    told = {name for name in lexicon() if name not in _ALSO_DEEDS}
    told |= {
        way
        for emotion in lexicon().values()
        for way in emotion.ways
        if " " not in way and way not in _ALSO_DEEDS
    }
    return frozenset(told | _FURTHER)


def words(text: str) -> tuple[str, ...]:
    """Give the words of a text in lower case, apostrophes closed up."""
    return tuple(_WORD.findall(text.lower().replace("'", "").replace("\u2019", "")))


def named_emotion(text: str) -> str | None:
    """Give the first word of a text that names an emotion outright, None where there is none."""
    known = _emotion_words()
    return next((word for word in words(_FORMULA.sub(" ", text)) if word in known), None)


def shown_emotion(text: str) -> str | None:
    """Give the first word of a text that shows an emotion on a face or body, None for none."""
    return next((word for word in words(text) if word in _SHOWN), None)


def shared_run(text: str, source: str, length: int) -> str | None:
    """Give the first run of so many words that stands in both texts, None where there is none."""
    mine, theirs = words(text), words(source)
    runs = {theirs[i : i + length] for i in range(len(theirs) - length + 1)}
    for i in range(len(mine) - length + 1):
        if mine[i : i + length] in runs:
            return " ".join(mine[i : i + length])
    return None


def overlap(first: str, second: str) -> float:
    """Give the share of distinct words of the shorter text that the other has too, 0..1."""
    mine, theirs = set(words(first)), set(words(second))
    if not mine or not theirs:
        return 0.0
    return len(mine & theirs) / min(len(mine), len(theirs))
