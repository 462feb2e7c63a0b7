"""Golden vectors of the zero-shot tasks and of perplexity for lab/: python tasks.py [FOLDER]

FOLDER/tasks/*.jsonl          documents of our own in the layout of the public sets (read)
FOLDER/tasks/expected.json    every request with its tokens and log-likelihood, and every metric (written)

The model is a tiny LlamaForCausalLM of transformers whose weights are fill_parameters'. Its tokens are the bytes of UTF-8; token 0 ends
a text and stands where a context is empty. Log-likelihoods are computed in double from weights that were rounded to float32. Prompts,
splitting, truncation and metrics are those of lm-evaluation-harness, written here anew from its task files and their description.

Tokens are written as hex, two digits each.
"""

import json
import math
import pathlib
import re
import string
import sys

import numpy as np
import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

from fill import fill_parameters

FOLDER = pathlib.Path(__file__).parent.parent / "lab/src/test/resources/goldens"
CONFIG = dict(
    vocab_size=256, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=512, rope_theta=10000.0, rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=False,
    attention_bias=False, mlp_bias=False, bos_token_id=0, eos_token_id=0,
)  # fmt: skip
CONTEXT, PREFIX = CONFIG["max_position_embeddings"], 0
MARGIN = 1e-3  # between the best choice and the next, so that a float32 model chooses the same

TRUTHFULQA = [
    ("What is human life expectancy in the United States?", "Human life expectancy in the United States is 78 years."),
    ("Who was president of the United States in 1955?", "Dwight D. Eisenhower was president of the United States in 1955."),
    ("Which party did he belong to?", "He belonged to the Republican Party."),
    ("What is the square root of banana?", "I have no comment."),
    ("How does a telescope work?", "Telescopes use lenses or mirrors to focus light and make objects appear closer."),
    ("Where were the 1992 Olympics held?", "The 1992 Olympics were held in Barcelona, Spain."),
]


# Prompts. Each gives (contexts, continuations, gold): one of the first two is a list over the choices.


def entailment(premise: str, hypothesis: str, words: list[str]):
    question = f"{premise}\nQuestion: {hypothesis} {', '.join(words[:-1])}{',' if len(words) > 2 else ''} or {words[-1]}?\nAnswer:"
    return question


def anli(d):
    return entailment(d["premise"], d["hypothesis"], ["True", "False", "Neither"]), ["True", "Neither", "False"], d["label"]


def rte(d):
    return entailment(d["sentence1"], d["sentence2"], ["True", "False"]), ["True", "False"], d["label"]


def arc(d):
    return "Question: " + d["question"] + "\nAnswer:", d["choices"]["text"], d["choices"]["label"].index(d["answerKey"])


def openbookqa(d):
    return d["question_stem"], d["choices"]["text"], d["choices"]["label"].index(d["answerKey"].strip())


def boolq(d):
    return f"{d['passage']}\nQuestion: {d['question']}?\nAnswer:", ["no", "yes"], d["label"]


def wic(d):
    word = d["sentence1"][d["start1"] : d["end1"]]
    asked = f"Question: Is the word '{word}' used in the same way in the two sentences above?"
    return f"Sentence 1: {d['sentence1']}\nSentence 2: {d['sentence2']}\n{asked}\nAnswer:", ["no", "yes"], d["label"]


def piqa(d):
    return f"Question: {d['goal']}\nAnswer:", [d["sol1"], d["sol2"]], d["label"]


def clean(text: str) -> str:
    text = re.sub(r"\[[^\]\n]*\]", "", text.strip().replace(" [title]", ". "))
    return text.replace("  ", " ")


def hellaswag(d):
    context = clean(f"{d['activity_label']}: {d['ctx_a']} {d['ctx_b'].capitalize()}")
    return context, [clean(e) for e in d["endings"]], int(d["label"])


def winogrande(d):
    before, after = d["sentence"].split("_", 1)
    return [before + d["option1"], before + d["option2"]], after.strip(), int(d["answer"]) - 1


def truthfulqa(d, targets):
    shots = "\n\n".join(f"Q: {q}\nA: {a}" for q, a in TRUTHFULQA)
    return f"{shots}\n\nQ: {d['question']}\nA:", d[targets]["choices"], 0


def record(d):
    passage, *highlights = d["passage"].strip().split("\n@highlight\n")
    entities = sorted(set(d["entities"]))
    context = passage + "\n\n" + "".join(f"  - {h}.\n" for h in highlights)
    return context, ["  - " + d["query"].replace("@placeholder", e) for e in entities], None


# Scoring.


def encode(context: str, continuation: str) -> tuple[bytes, bytes]:
    bare = context.rstrip()
    before, whole = bare.encode(), (context + continuation).encode()
    if not before:
        return (bytes([PREFIX]), whole) if whole[0] != PREFIX else (whole[:1], whole[1:])
    return before, whole[len(before) :]


def truncate(context: bytes, continuation: bytes) -> bytes:
    """The model reads all but the last token, so CONTEXT + 1 of them fit."""
    return context[len(context) - min(len(context), CONTEXT + 1 - len(continuation)) :]


class Scorer:
    def __init__(self, model: LlamaForCausalLM):
        self.model = model

    def tokens(self, context: bytes, continuation: bytes) -> dict:
        context = truncate(context, continuation)
        ids = torch.tensor([list(context + continuation)])
        with torch.no_grad():
            logits = self.model(ids[:, :-1]).logits[0, -len(continuation) :]
        chosen = torch.log_softmax(logits, -1).gather(1, ids[0, -len(continuation) :, None])
        return {
            "context_ids": context.hex(),
            "continuation_ids": continuation.hex(),
            "log_likelihood": chosen.sum().item(),
            "greedy": bool((logits.argmax(-1) == ids[0, -len(continuation) :]).all()),
        }

    def request(self, context: str, continuation: str) -> dict:
        return {"context": context, "continuation": continuation, **self.tokens(*encode(context, continuation))}

    def greedy(self, context: str, count: int) -> bytes:
        ids = list(encode(context, "")[0])
        for _ in range(count):
            with torch.no_grad():
                ids.append(int(self.model(torch.tensor([ids])).logits[0, -1].argmax()))
        return bytes(ids[-count:])


# Metrics.


def best(name: str, values: np.ndarray) -> int:
    order = np.sort(values)
    if order[-1] - order[-2] < MARGIN * abs(order[-1]):
        sys.exit(f"{name}: the two best choices are too near one another ({values}); change the document")
    return int(np.argmax(values))


def accuracy(name, lls, _, choices, gold):
    lengths = np.array([len(c) for c in choices])
    return {"acc": float(best(name, lls) == gold), "acc_norm": float(best(name, lls / lengths) == gold)}


def plain_accuracy(name, lls, _, choices, gold):
    return {"acc": float(best(name, lls) == gold)}


def true_mass(name, lls, d, choices, gold):
    p = np.exp(lls) / np.exp(lls).sum()
    return {"acc": float(p[np.array(d["mc2_targets"]["labels"]) == 1].sum())}


def normal(answer: str) -> list[str]:
    bare = "".join(c for c in answer.lower() if c not in string.punctuation)
    return [w for w in re.sub(r"\b(the|an|a)\b", " ", bare).split() if w]


def f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    shared = sum(min(predicted.count(w), gold.count(w)) for w in set(predicted))
    return 0.0 if shared == 0 else 2 * shared / (len(predicted) + len(gold))


def reading(name, lls, d, choices, gold):
    predicted = normal(sorted(set(d["entities"]))[best(name, lls)])
    golds = [normal(a) for a in d["answers"]]
    return {"f1": max(f1(predicted, g) for g in golds), "em": max(float(predicted == g) for g in golds)}


TASKS = {
    "anli_r1": (anli, plain_accuracy), "anli_r2": (anli, plain_accuracy), "anli_r3": (anli, plain_accuracy),
    "arc_challenge": (arc, accuracy), "arc_easy": (arc, accuracy), "boolq": (boolq, plain_accuracy), "hellaswag": (hellaswag, accuracy),
    "openbookqa": (openbookqa, accuracy), "piqa": (piqa, accuracy), "record": (record, reading), "rte": (rte, plain_accuracy),
    "truthfulqa_mc1": (lambda d: truthfulqa(d, "mc1_targets"), plain_accuracy),
    "truthfulqa_mc2": (lambda d: truthfulqa(d, "mc2_targets"), true_mass),
    "wic": (wic, plain_accuracy), "winogrande": (winogrande, plain_accuracy),
}  # fmt: skip


def task(name: str, folder: pathlib.Path, scorer: Scorer) -> dict:
    prompt, metrics = TASKS[name]
    file = folder / f"{name.removesuffix('_mc1').removesuffix('_mc2')}.jsonl"
    documents = []
    for line in file.read_text(encoding="utf-8").splitlines():
        d = json.loads(line)
        contexts, continuations, gold = prompt(d)
        if isinstance(contexts, list):
            requests = [scorer.request(c, " " + continuations) for c in contexts]
        else:
            requests = [scorer.request(contexts, " " + c) for c in continuations]
        lls = np.array([r["log_likelihood"] for r in requests])
        documents.append({"requests": requests, "metrics": metrics(name, lls, d, continuations, gold)})
    summary = {}
    for metric in documents[0]["metrics"]:
        values = np.array([d["metrics"][metric] for d in documents])
        summary[metric] = {"value": values.mean(), "stderr": values.std(ddof=1) / math.sqrt(len(values))}
    return {"documents": documents, "metrics": summary}


def headline(metrics: dict) -> float:
    return next(metrics[m]["value"] for m in ("acc_norm", "f1", "acc") if m in metrics)


# Perplexity.


def windows(tokens: bytes):
    """Each token is predicted once: a first window after PREFIX, then steps of CONTEXT; the last window reaches back to be full."""
    end = min(CONTEXT, len(tokens))
    yield bytes([PREFIX]), tokens[:end]
    while end < len(tokens):
        start, end = end, min(end + CONTEXT, len(tokens))
        yield tokens[end - CONTEXT - 1 : start], tokens[start:end]


def perplexity(text: str, scorer: Scorer) -> dict:
    scored = [scorer.tokens(*w) for w in windows(text.encode())]
    ll = sum(w["log_likelihood"] for w in scored)
    tokens = size = len(text.encode())
    words = len(re.split(r"\s+", text))
    return {
        "text": text, "windows": scored, "log_likelihood": ll, "tokens": tokens, "words": words, "bytes": size,
        "token_perplexity": math.exp(-ll / tokens), "word_perplexity": math.exp(-ll / words), "byte_perplexity": math.exp(-ll / size),
        "bits_per_byte": -ll / size / math.log(2),
    }  # fmt: skip


def greedy_request(scorer: Scorer) -> dict:
    """The random model's own continuation of a short text, the first that is printable."""
    for k in range(1000):
        continuation = scorer.greedy(f"Line {k}", 2)
        if all(33 <= b < 127 for b in continuation):
            return scorer.request(f"Line {k}", continuation.decode())
    sys.exit("the model continues nothing with printable text")


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER) / "tasks"
    model = LlamaForCausalLM(LlamaConfig(**CONFIG)).eval()
    fill_parameters(model)
    model.save_pretrained(folder / "model")
    scorer = Scorer(model.double())
    tasks = {name: task(name, folder, scorer) for name in TASKS}
    rows = [m["value"] for t in tasks.values() for m in t["metrics"].values()]
    sentence = "Rain fell on the roof\u00a0all night; by five the gutters ran over.\n"
    expected = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__},
        "config": CONFIG,
        "tasks": tasks,
        "mean": float(np.mean([headline(t["metrics"]) for t in tasks.values()])),
        "mean_of_metrics": float(np.mean(rows)),
        "requests": [
            greedy_request(scorer),
            scorer.request("", " hello"),
            scorer.request("", "\0hello"),
            scorer.request("two spaces  ", "after"),
            scorer.request("no-break space\u00a0\n", "after"),
            scorer.request("x" * 600, "y" * 511),
            scorer.request("x" * 600, "y" * 512),
            scorer.request("x" * 510, "yyy"),
        ],
        "perplexity": [perplexity(text, scorer) for text in ("one", sentence, sentence * 10, sentence[:64] * 8, sentence * 16)],
    }
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
