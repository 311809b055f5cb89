"""What is known of who wrote recordings, and how: the package's own and others; cards say it."""

from __future__ import annotations

from typing import Any

TEACHER = "strong-llm-2026 (recorded)"

PROVENANCE = "provenance.json"
ABOUT: dict[str, Any] = {
    "teacher": TEACHER,
    "how": (
        "A strong large language model wrote every reply by judgement, one at a time. No script "
        "and no template wrote any of them, and none who wrote saw a human label. No living person "
        "is named."
    ),
    "prompts": (
        "The replies were written from briefs. The prompts that this package renders were "
        "worded afterwards on the same briefs and are stricter here and there; the keys are "
        "those of the rendered prompts, so the teacher did not see their exact words. The one-"
        "line premises of the narratives were not kept; genre and setting stand for them. The "
        "brief of the annotations named two published statistics of human annotation, that "
        "about a third of such comments are neutral and that a comment has 1.2 labels on "
        "average; faint second labels were trimmed in a second reading, in part by a fixed "
        "limit on the intensity."
    ),
    "second_campaign": (
        "Replies of strong-llm-2026-11 were written later, by several instances of one model, for "
        "requests of the same form: accounts of events for open emotion words (the words of known "
        "label sets drawn more often), plain sarcasm beside its sincere counterparts, and a random "
        "sample of the remaining train comments. Most "
        "annotators of the comments read their first answers again with the two statistics above "
        "in view, turned faint readings to neutral and dropped second labels; lists of decisions "
        "were applied by script, and one annotator set valence and arousal of lines turned "
        "neutral by rule. Some had seen a few earlier annotations (ids, no texts). Neutral and "
        "labels per comment are therefore steered, and descriptors may name a dropped label."
    ),
    "third_campaign": (
        "Replies of strong-llm-2026-11b came last, again by several instances of one model: 48 "
        "narratives with their lines, utterances for neutral, for emotions that were rare as "
        "descriptors and for how people type (a script dealt targets, tones and lengths; the lines "
        "are by judgement), and second, "
        "independent looks at utterances, at contextual lines and at comments. Whoever looked "
        "again saw the line (with its context where it has one) and nothing of the first "
        "annotation, was told to steer no share, and wrote in a shorthand that a script turned "
        "into the form of the replies; labels were put in order of intensity afterwards, "
        "those below 0.3 raised to it or left out, and in about a dozen contextual rows a neutral "
        "beside an emotion was dropped."
    ),
    "fourth_campaign": (
        "Replies of strong-llm-2026-11c were written last, by several instances of one model: "
        "lines for every family of emotions outside the 28, denials of a neighbouring emotion "
        "among them, and bare accounts of ordinary events. A script dealt targets, registers, "
        "tones, lengths and places; the lines and their annotations are by judgement. Some "
        "writers named the emotion in more of the lines that might name it than were asked for, "
        "and dialects are written by feel."
    ),
    "fifth_campaign": (
        "Later replies of strong-llm-2026-11, again by several instances of one model: words of "
        "the palette for nearly all utterances and for comments (from a brief like the prompt's, "
        "forty texts at a time, in a shorthand that a script turned into the form of the replies), "
        "and sentences of prose as it is published or written in letters, essays and fiction, of "
        "which three writers gave valence, arousal and dominance with the sentence, and others, "
        "who saw neither the degrees nor the kind of text, labels, descriptors and words. The "
        "slots of these sentences were filled in afterwards. Sentences on science, history and "
        "news are of the writers' making, but some tell of real events from memory; nobody "
        "checked them as facts."
    ),
    "sixth_campaign": (
        "Votes of a panel on the comments, by several instances of one model (strong-llm-2026-11d) "
        "that saw twenty-five comments at a time and no earlier annotation. Their brief, in the "
        "words of which the prompt is made, says what readers take each label for, and that about "
        "a third of such comments are neutral to most readers. It was written after the first "
        "annotations of train comments had been compared with their human labels, label by label: "
        "these had shown too much amusement, annoyance and disapproval and too little neutral. It "
        "was then tried on a thousand comments and not changed. The votes came in a shorthand that "
        "a script turned into the form of the replies; most totals above seven were trimmed."
    ),
    "seventh_campaign": (
        "Accounts of one event from several sides (by strong-llm-2026-11e, several instances of "
        "one model): who did it, to whom it was done, who saw it, how it ended, so that the same "
        "things and nearly the same words carry different feelings. The writers chose the events, "
        "within areas of life that were dealt out, and wrote target, labels, degrees and words of "
        "the palette with each line, so nobody judged these lines without knowing their target; "
        "the slots were filled in afterwards, and descriptors are the target and the first words."
    ),
    "eighth_campaign": (
        "Families of four lines in nearly the same words (by strong-llm-2026-11f, several "
        "instances of one model): spoken lines, messages, posts, replies in threads, notes and "
        "reviews, and sentences of prose, in which sarcasm, a negation, whose feeling it is, who "
        "did it, time and mode, strength or an idiom turns the feeling, and a plain line beside "
        "them. Writers chose the families and gave labels, degrees and words with each line. "
        "Slots were filled in afterwards; where a writer's own target is no word that other rows "
        "have as a descriptor, the first word of the palette stands for it; a neutral beside "
        "another label was dropped and labels were put in order of intensity by script."
    ),
    "ninth_campaign": (
        "Plain lines (by strong-llm-2026-11g, some twenty instances of one model): answers to a "
        "questionnaire about feelings, what people tell somebody whom they hardly know, lines of "
        "dialogue, posts and messages, sentences from diaries. The briefs ask for what average "
        "people put down, without wit, image or telling detail, a third of it in learner's "
        "English; writers gave labels, degrees and words of the palette with each line, so nobody "
        "judged these lines without knowing their target. Slots were filled in afterwards, and "
        "descriptors are the target and the first words. That earlier accounts were too vivid for "
        "the answers of ISEAR was seen before the briefs were written, and the first 571 lines "
        "were tried on ISEAR before the rest was asked for; no writer saw a benchmark."
    ),
    "tenth_campaign": (
        "Plain lines once more (by strong-llm-2026-11h, eight instances of one model), by the "
        "briefs of the ninth campaign and with what it says of labels, words and slots, of events "
        "that come less readily to mind; and, in the register prose, plain sentences of stories, "
        "news reports and tellings about what others do and feel. Targets and manners were chosen "
        "with the label names and kinds of public sets in view, also of sets that nobody here has "
        "read; no writer saw a benchmark."
    ),
    "eleventh_campaign": (
        "Running sentences (by strong-llm-2026-11i, eight instances of one model) as they stand in "
        "newspapers and reports, essays and speeches, letters, brochures and guides, stories, "
        "blogs, memoirs and interviews: a third of them plain facts, a third mildly good or bad; "
        "and comments under posts and short chat messages. Writers gave labels, degrees and words "
        "of the palette with each line, and were told to grade valence finely in the middle, as "
        "ten readers would on average. The target is the palette's best word, or the first where a "
        "writer's neutral stood beside another label; slots were filled in afterwards. These kinds "
        "were asked for because the valence of EmoBank's sentences was rated worst of all that is "
        "measured, and because the default trained on the tenth campaign had lost on GoEmotions "
        "and EmoContext; no writer saw a benchmark."
    ),
    "licence": (
        "CC BY 4.0. The annotated comments belong to GoEmotions (CC BY 4.0) and are named by "
        "their ids only."
    ),
    "known_weaknesses": [
        "In families of lines and accounts from several sides, feelings turn more often than in "
        "what people write.",
        "But for the plain lines of the ninth and tenth campaigns, the voices lean British and are "
        "wittier than people are on average.",
        "Valence, arousal and dominance of prose are the judgement of one writer each.",
        "Lines of scenes are longer and more vivid than speech.",
        "Some neutral lines are answers to a question that nobody sees.",
        "Neutral is rarer among the labels of annotations than human annotators have it, about a "
        "third, and in the latest second looks at comments rarer still, about a sixteenth.",
        "Votes are one model's guess at five readers, told that a third are neutral, by a brief "
        "that answers to how its first labels of train comments differed from people's.",
        "Descriptors were written before labels were trimmed, so a few name an emotion that the "
        "labels leave out.",
        "Arousal is the judgement of a single annotator, but for the rows that have looks.",
        "All of it is in English.",
    ],
}


def about_others(teacher: str) -> dict[str, Any]:
    """Give what can be said of recordings of which nobody has said how they were made."""
    return {
        "teacher": teacher,
        "how": (
            f"The replies were written outside any run, by {teacher} where they name nobody else, "
            "and filed under the prompts of this package afterwards, so their writer need not have "
            "seen the exact words of these."
        ),
        "licence": (
            "Not stated yet: whoever wrote the replies says so in the `provenance.json` beside "
            "them."
        ),
        "licence_id": "unknown",
        "known_weaknesses": ["Nobody has stated how the replies came about."],
    }
