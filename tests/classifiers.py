"""Small random classifiers, whole checkpoints on the disk: of BERT, and of RoBERTa."""

from __future__ import annotations

from dataclasses import replace

import torch

from emo_hub.classifier_settings import ClassifierSettings
from emo_hub.taxonomy import GOEMOTIONS

WORDS = "how was the concert i feel so happy angry sad you never listen fine he lied to me word"
LONGEST = 48

SETTINGS = ClassifierSettings(
    task="emo-pillars",
    labels=GOEMOTIONS.labels,
    thresholds={label: 0.3 + 0.01 * i for i, label in enumerate(GOEMOTIONS.labels)},
    temperature=1.7,
    uses_context=True,
)


def settings_of(labels, **changes):
    thresholds = dict.fromkeys(labels, 0.5)
    return replace(SETTINGS, **{"labels": tuple(labels), "thresholds": thresholds, **changes})


def bert_tokenizer(longest=LONGEST):
    from transformers import BertTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *letters]
    pieces += [f"##{letter}" for letter in letters]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return BertTokenizer(vocab=vocabulary, model_max_length=longest)


def roberta_tokenizer(longest=LONGEST):
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import RobertaTokenizer

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    return RobertaTokenizer(vocab=vocabulary, merges=[], model_max_length=longest)


def save_classifier(folder, settings=SETTINGS, *, kind="bert", seed=0, **shape):
    """Write a checkpoint of random weights, large enough for texts to differ."""
    import transformers

    tokenizer = bert_tokenizer() if kind == "bert" else roberta_tokenizer()
    names = {"bert": "Bert", "roberta": "Roberta"}
    config = getattr(transformers, f"{names[kind]}Config")(
        **{
            "vocab_size": len(tokenizer),
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 160,
            "pad_token_id": tokenizer.pad_token_id,
            "initializer_range": 0.4,
            **shape,
        }
    )
    settings.write_into(config)
    torch.manual_seed(seed)
    model = getattr(transformers, f"{names[kind]}ForSequenceClassification")(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
