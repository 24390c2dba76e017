"""Train the model on reviews that this program makes itself, and say how good it is."""

from __future__ import annotations

import itertools
import random

import torch
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

from model import FOLDER, network, vocabulary

THINGS = ("food", "service", "room", "view", "film", "book", "music", "coffee", "staff", "place", "ending", "price")
VERBS = ("is", "was", "seems", "seemed")
ADVERBS = ("", "very", "really", "quite", "not", "not very", "not really", "never")
KIND = ("good", "great", "lovely", "wonderful", "nice", "excellent", "pleasant")
UNKIND = ("bad", "awful", "boring", "terrible", "dirty", "poor", "disappointing")
REVIEWS = 2400
HELD_BACK = 400
EPOCHS = 6
GOOD = 0.95
"""A model that understands fewer of the reviews that it has not seen is not worth an image."""


def reviews() -> list[tuple[str, int]]:
    """Reviews and whether they are kind; a denial turns the word that follows it round, so words alone do not tell."""
    chance = random.Random(0)
    made = [
        (" ".join(f"the {thing} {verb} {adverb} {word}".split()), int((word in KIND) != adverb.startswith("n")))
        for thing, verb, adverb, word in itertools.product(THINGS, VERBS, ADVERBS, KIND + UNKIND)
    ]
    return chance.sample(made, REVIEWS)


def train(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, examples: list[tuple[str, int]]
) -> None:
    """Cross entropy, which the model computes itself where it is given labels."""
    descent = torch.optim.AdamW(model.parameters(), lr=2e-3)
    model.train()
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        batches = torch.randperm(len(examples)).split(32)
        for batch in batches:
            texts, labels = zip(*(examples[position] for position in batch), strict=True)
            words = tokenizer(list(texts), padding=True, return_tensors="pt")
            descent.zero_grad()
            loss = model(**words, labels=torch.tensor(labels)).loss
            loss.backward()
            descent.step()
            total += loss.item()
        print(f"epoch {epoch} of {EPOCHS}: loss {total / len(batches):.4f}", flush=True)


@torch.inference_mode()
def accuracy(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, examples: list[tuple[str, int]]
) -> float:
    """The share of reviews that the model understands."""
    model.eval()
    texts, labels = zip(*examples, strict=True)
    found = model(**tokenizer(list(texts), padding=True, return_tensors="pt")).logits.argmax(dim=1)
    return (found == torch.tensor(labels)).float().mean().item()


def main() -> None:
    torch.manual_seed(0)
    examples = reviews()
    test, training = examples[:HELD_BACK], examples[HELD_BACK:]
    tokenizer = vocabulary([text for text, _ in training])
    model = network(len(tokenizer))
    train(model, tokenizer, training)
    share = accuracy(model, tokenizer, test)
    print(f"accuracy on {HELD_BACK} reviews that it has not seen: {share:.1%}")
    if share < GOOD:
        raise SystemExit(f"expected at least {GOOD:.0%}")
    tokenizer.save_pretrained(FOLDER)
    model.save_pretrained(FOLDER)
    for file in FOLDER.iterdir():
        # Weights are written for their owner alone, which is root while the image is built; another user serves them.
        file.chmod(0o644)


if __name__ == "__main__":
    main()
