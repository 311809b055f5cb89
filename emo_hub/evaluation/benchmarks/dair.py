"""dair-ai/emotion (CARER): tweets whose hashtag was taken as the emotion."""

from __future__ import annotations

from emo_hub.evaluation.benchmarks.label_sets import DAIR
from emo_hub.evaluation.declaration import Benchmark, HubSource
from emo_hub.evaluation.layouts import named, text_folder

_CODES = dict(enumerate(DAIR.labels))

DECLARED = (
    Benchmark(
        name="dair-emotion",
        title="dair-ai/emotion",
        folders=("dair-emotion", "emotion", "dair-ai-emotion", "carer", "emotion_dataset"),
        layouts=(
            named("text", "label", form="public release", codes=_CODES),
            named("text", "emotions", form="the authors' pickled table, saved as a table"),
            *text_folder(),
        ),
        labels=DAIR,
        kind="single_label",
        headline="macro_f1",
        licence="other: for educational and research purposes only",
        source="CARER (Saravia et al. 2018), huggingface.co/datasets/dair-ai/emotion",
        # The revision that public evaluations of this data set pin.
        hub=HubSource("dair-ai/emotion", "split", "cab853a1dbdf4c42c2b3ef2173804746df8825fe"),
        faults=(
            "3.7 % of the test texts also stand in train, and 1.9 % of train repeats (measured by "
            "semhash); matters to models that saw train.",
            "The labels are hashtags that were removed from the text, not what readers judged; "
            "texts are lower-cased and without punctuation.",
            "The configuration 'unsplit' holds the test rows too: nothing may be trained on it.",
        ),
    ),
)
