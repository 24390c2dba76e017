"""The model: a transformer of two small layers that tells whether a review is kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

Predict = Callable[[str], dict[str, object]]
TEXT = 280
"""Characters that a review may have."""
LONGEST = 64
"""Words of it that are read."""
LABELS = ("negative", "positive")
FOLDER = Path(__file__).with_name("reviews")
"""Where `train.py` leaves the model and its vocabulary: the image is built with them."""


def vocabulary(texts: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer that knows the words of these texts and no others."""
    words = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=special))
    ends = [(mark, words.token_to_id(mark)) for mark in ("[SEP]", "[CLS]")]
    words.post_processor = processors.BertProcessing(*ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        model_max_length=LONGEST,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )


def network(words: int) -> BertForSequenceClassification:
    """The untrained model, from a configuration alone: nothing is downloaded."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=words,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=LONGEST,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    )


def load() -> Predict:
    """The trained model as a function of a review."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(FOLDER)
    trained = BertForSequenceClassification.from_pretrained(FOLDER).eval()

    @torch.inference_mode()
    def predict(text: str) -> dict[str, object]:
        words = tokenizer(text, truncation=True, return_tensors="pt")
        probabilities = trained(**words).logits.softmax(dim=1)[0]
        return {
            "prediction": LABELS[int(probabilities.argmax())],
            "probabilities": dict(zip(LABELS, probabilities.tolist(), strict=True)),
        }

    return predict
