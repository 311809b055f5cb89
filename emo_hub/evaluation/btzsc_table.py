"""What others reached on the two emotion sets of BTZSC: the published table, as numbers alone.

Macro-F1 as the harness ships it (IliasAarab/btzsc, f1_scores.csv and the result files of its
leaderboard, which agree), types and sizes as in its models.yml. Every accuracy beside them is a
whole number of thousandths, so each was measured on 1,000 rows. Rows are sorted by label and recall
is too high for the first 1,000, so it was a sample; how it was drawn the harness does not say.
"""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDING, NLI, RERANKER, LLM = "embedding", "nli", "reranker", "llm"
BASE, API = "base encoder", "api"

_HARNESS = "BTZSC, arXiv 2603.11991, result files of its harness"
_SAMPLE = (1000, 1000)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Macro-F1 of one model as somebody else published it.

    Args:
        model: as the source calls it.
        kind: how it was used: embedding, nli, reranker, llm, base encoder or api.
        millions: of parameters, None where nobody says.
        emotion: macro-F1 on emotiondair, in [0, 1].
        empathetic: macro-F1 on empathetic, in [0, 1].
        rows: how many rows of the two were scored.
        source: where the numbers stand.
        remark: what a reader should know.
    """

    model: str
    kind: str
    millions: float | None
    emotion: float
    empathetic: float
    rows: tuple[int, int] = _SAMPLE
    source: str = _HARNESS
    remark: str = ""

    @property
    def mean(self) -> float:
        """The emotion group of BTZSC: the plain mean of the two."""
        return (self.emotion + self.empathetic) / 2


_MINILM = (
    "not what the model gives: the harness of today mean-pools it as published and reaches far "
    "more; its first token, as bge and gte are pooled, gives numbers like these"
)

PUBLISHED: tuple[Quoted, ...] = (
    Quoted(
        "Jev 1.13.0", API, None, 0.519, 0.528, (2000, 2542), "Gazer2020/jev-btzsc, README",
        "an instruction of its own; training data unknown",
    ),
    Quoted("Qwen3-Embedding-8B", EMBEDDING, 8000, 0.5401, 0.4736),
    Quoted("e5-mistral-7b-instruct", EMBEDDING, 7000, 0.4980, 0.5011),
    Quoted("Qwen3-Reranker-8B", RERANKER, 8000, 0.4875, 0.4842),
    Quoted("Qwen3-Reranker-0.6B", RERANKER, 600, 0.4866, 0.4077),
    Quoted("deberta-v3-large-nli", NLI, 434, 0.4401, 0.4391),
    Quoted("Qwen3-Embedding-0.6B", EMBEDDING, 600, 0.4781, 0.3840),
    Quoted("gte-reranker-modernbert-base", RERANKER, 149, 0.4508, 0.3936),
    Quoted("deberta-v3-large-nli-triplet", NLI, 434, 0.4229, 0.4147),
    Quoted("gte-modernbert-base", EMBEDDING, 149, 0.4405, 0.3897),
    Quoted("e5-large-v2", EMBEDDING, 335, 0.4406, 0.3835),
    Quoted("bart-large-mnli", NLI, 407, 0.4390, 0.3847),
    Quoted("e5-base-v2", EMBEDDING, 110, 0.4324, 0.3714),
    Quoted("bge-large-en-v1.5", EMBEDDING, 434, 0.4404, 0.3486),
    Quoted("Qwen3-4B", LLM, 4000, 0.4271, 0.3184),
    Quoted("gte-large-en-v1.5", EMBEDDING, 434, 0.4008, 0.3442),
    Quoted("gte-base-en-v1.5", EMBEDDING, 137, 0.4211, 0.3227),
    Quoted("bge-reranker-large", RERANKER, 560, 0.3911, 0.3443),
    Quoted("Mistral-Nemo-Instruct-2407", LLM, 12200, 0.4355, 0.2901),
    Quoted("bge-base-en-v1.5", EMBEDDING, 137, 0.4259, 0.2966),
    Quoted("Llama-3.2-3B-Instruct", LLM, 3210, 0.3296, 0.3663),
    Quoted("modernbert-large-nli-triplet", NLI, 395, 0.3704, 0.3142),
    Quoted("deberta-v3-base-nli", NLI, 184, 0.3780, 0.2893),
    Quoted("nli-roberta-base", NLI, 125, 0.3416, 0.3179),
    Quoted("Qwen3-8B", LLM, 8200, 0.4044, 0.2439),
    Quoted("modernbert-large-nli", NLI, 395, 0.2996, 0.3014),
    Quoted("Phi-4-mini-instruct", LLM, 3800, 0.2960, 0.3045),
    Quoted("bge-reranker-base", RERANKER, 278, 0.2956, 0.2895),
    Quoted("modernbert-base-nli", NLI, 149, 0.2849, 0.2951),
    Quoted("bert-large-uncased-nli", NLI, 335, 0.4245, 0.1217),
    Quoted("bert-base-uncased-nli", NLI, 110, 0.3616, 0.1501),
    Quoted("bert-large-uncased-nli-triplet", NLI, 335, 0.2829, 0.1955),
    Quoted("ms-marco-MiniLM-L6-v2", RERANKER, 22.7, 0.2009, 0.1828),
    Quoted("gemma-3-1b-it", LLM, 1000, 0.1309, 0.1564),
    Quoted("all-MiniLM-L6-v2", EMBEDDING, 22.7, 0.1110, 0.1543, remark=_MINILM),
    Quoted("bert-large-uncased", BASE, 335, 0.1556, 0.0044),
    Quoted("deberta-v3-large", BASE, 434, 0.0995, 0.0020),
    Quoted("gemma-3-270m-it", LLM, 270, 0.0622, 0.0123),
    Quoted("ModernBERT-large", BASE, 395, 0.0584, 0.0073),
)  # fmt: skip
