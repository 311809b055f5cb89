"""The longer passages that the page says to its visitors."""

from emo_hub.space.request import MAX_LABELS, MAX_TEXT_CHARACTERS

TITLE = "Name the feelings, see which ones fit"
HEADLINE = (
    "# Name the feelings in your own words, and see which ones a text really holds\n"
    "Any words work: one emotion, a shade of it, or a phrase such as *sarcastic contempt*."
)
ABOUT = f"""
**How it works.** A large language model once wrote short texts in which people feel something, and
described in free words what is felt in them and in public comments. A small model (22.7 million
parameters) learnt from those descriptions to place texts and words for feelings in one space. It
needs no list of emotions: each of your labels is compared with the text, and gets a score of its
own. The scores need not add up to 100 %, and "none of these" is a possible answer.

**What the numbers mean.** Scores and thresholds are calibrated on synthetic texts, not on people's
judgements: a rough guide, not a measurement. Valence, arousal and dominance run from 1 to 5, with 3
in the middle. The marked words are those without which the best label would score lower: they say
why the model answered so, not why somebody felt so.

**Limits.** It reads English. It mirrors what a language model believes that people feel, with its
biases, and often misses irony, culture and all that the text leaves unsaid. It is not a
mental-health tool and says nothing about who somebody is: do not use it to judge people.

**Your text.** It is read once to answer you, up to {MAX_TEXT_CHARACTERS:,} characters and
{MAX_LABELS} labels at a time, and is neither stored nor logged.
"""
