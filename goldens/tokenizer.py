"""A byte-level BPE as Hugging Face's tokenizers trains it, and the ids that it gives to awkward texts.

    pip install -r goldens/requirements.txt
    python goldens/tokenizer.py

corpus.txt: what it is trained on, a document a line, escaped as JSON strings. tokenizer.json: what was trained. ids.json: texts with their
ids, and what the ids decode to without special tokens.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

OUT = Path(__file__).parent.parent / "training/src/test/resources/io/github/dyt4j/training/text"
SYLLABLES = ["ba", "ke", "lo", "mi", "tu", "sha", "thé", "öl", "zz", "日", "本", "при", "вет", "12", "7", "aa", "abab"]
GLUE = [" ", " ", " ", " ", "  ", "\n", "\t", ", ", ".\n\n", "'s ", "'ll ", "-", "\u00a0", "\u3000", " \r\n"]
TEXTS = ["", " ", "   ", "hello", " hello  world ", "it's we'll they'VE 'd", "aaaaaaa", "ababababab", "line\r\n\r\n  line\t\tend\n",
         "naïve café", "nai\u0308ve", "日本語のテキスト", "привет, мир", "👩‍👩‍👧 🇩🇪 𝔘𝔫𝔦", "x\u0000y", "1234567 ½ ²", "a\u00a0b\u3000c\u2028d\u0085e",
         "<|endoftext|>", "one<|endoftext|>two", "<|endoftext", "\ufeffbom", "\ufffd", "sha thébakelo  mitu'll 127 aaababab"]


def corpus() -> list[str]:
    rng = random.Random(7)
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(900)]
    return ["".join(rng.choice(words[:rng.randint(1, 900)]) + rng.choice(GLUE) for _ in range(80)) for _ in range(40)]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    documents = corpus()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(documents, trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.save(str(OUT / "tokenizer.json"))
    (OUT / "corpus.txt").write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)})
    (OUT / "ids.json").write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
