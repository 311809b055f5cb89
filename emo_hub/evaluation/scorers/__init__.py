"""Opens anything that scores texts by labels, as one and the same kind of contestant.

A reference is a path or a Hub repository, `repo@revision` for a pinned one, whose files tell what
it is; a prefix (`ours:`, `encoder:`, `classifier:`, `sentences:`, `entailment:`, `gliclass:`,
`predictions:`, `llm:`) says it where they do not. "default" is the embedded checkpoint. Weights are
read from safetensors alone, and no code of a model is ever run.
"""

from __future__ import annotations

from emo_hub.errors import InputError
from emo_hub.evaluation.scorers.contestant import Contestant, ModelOptions
from emo_hub.evaluation.scorers.references import DEFAULT, KINDS, Reference

__all__ = ["DEFAULT", "KINDS", "Contestant", "ModelOptions", "Reference", "open_model"]


def open_model(reference: str, options: ModelOptions | None = None) -> Contestant:
    """Open a model for scoring.

    Args:
        reference: a path, a Hub repository, "default", or one of these after a prefix.
        options: settings; those that do not concern the kind of model are left aside.

    Raises:
        InputError: an empty reference or an unknown prefix.
        CheckpointError: no such model, or one that cannot be opened safely.
        DataError: a file of predictions that cannot be read.
        ImportError: a kind of model whose package is not installed; names the extra.
    """
    options = options or ModelOptions()
    asked = Reference.parse(reference, options.revision)
    kind = asked.detect()
    if kind == "ours":
        from emo_hub.evaluation.scorers.ours import open_ours as opener
    elif kind == "encoder":
        from emo_hub.evaluation.scorers.trained import open_trained as opener
    elif kind == "classifier":
        from emo_hub.evaluation.scorers.classifier import open_classifier as opener
    elif kind == "sentences":
        from emo_hub.evaluation.scorers.sentences import open_sentences as opener
    elif kind == "entailment":
        from emo_hub.evaluation.scorers.entailment import open_entailment as opener
    elif kind == "gliclass":
        from emo_hub.evaluation.scorers.gliclass import open_gliclass as opener
    elif kind == "predictions":
        from emo_hub.evaluation.scorers.predictions import open_predictions as opener
    elif kind == "llm":
        from emo_hub.evaluation.scorers.llm import open_llm

        return open_llm(asked.source, options)
    else:
        raise InputError(f"There is no kind of model '{kind}'; there are: {', '.join(KINDS)}.")
    return opener(asked, options)
