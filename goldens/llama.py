"""Golden vectors of transformers' LLaMA for models/: python llama.py [FOLDER]

llama-*.safetensors   logits, loss and every gradient in full, of tiny random models
llama-hf/             a checkpoint in three shards as transformers writes it, and its logits
llama-sizes.json     parameters and norms of the published sizes

Everything is computed in double from weights that were rounded to float32, so a fixture bears no rounding error of its own.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from fill import fill, fill_parameters, labels

FOLDER = pathlib.Path(__file__).parent.parent / "models/src/test/resources/goldens"
BATCH, TOKENS = 2, 24
TINY = dict(
    vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
    max_position_embeddings=64, rms_norm_eps=1e-6, tie_word_embeddings=False, attn_implementation="eager",
)  # fmt: skip
ROPE3 = dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)
CASES = {
    "mha": (LlamaConfig, dict()),
    "gqa": (LlamaConfig, dict(num_key_value_heads=2)),
    "tied": (LlamaConfig, dict(num_key_value_heads=1, tie_word_embeddings=True)),
    "rope3": (LlamaConfig, dict(num_attention_heads=2, num_key_value_heads=2, rope_parameters=ROPE3)),
    "qwen2": (Qwen2Config, dict(num_key_value_heads=2, use_sliding_window=False)),
    "biases": (LlamaConfig, dict(attention_bias=True, mlp_bias=True, head_dim=8)),
}


class DyT(torch.nn.Module):
    """weight * tanh(alpha * x): language models have no bias (Zhu et al. 2025, appendix A)."""

    def __init__(self, channels: int):
        super().__init__()
        self.alpha = torch.nn.Parameter(torch.ones(1))
        self.weight = torch.nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return self.weight * torch.tanh(self.alpha * x)


class Scaled(torch.nn.Module):
    """An embedding whose output one learned number multiplies."""

    def __init__(self, embedding: torch.nn.Embedding):
        super().__init__()
        self.weight = embedding.weight
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, tokens):
        return torch.nn.functional.embedding(tokens, self.weight) * self.scale


def with_dyt(model):
    width = model.config.hidden_size
    for layer in model.model.layers:
        layer.input_layernorm = DyT(width)
        layer.post_attention_layernorm = DyT(width)
    model.model.norm = DyT(width)
    model.model.embed_tokens = Scaled(model.model.embed_tokens)
    return model


def named(model):
    """Parameters under this project's names: the scalar after the embedding is model.embed_scale."""
    return {n.replace("embed_tokens.scale", "embed_scale"): p for n, p in model.named_parameters()}


def make(case: str):
    kind, changes = CASES[case]
    config = kind(**{**TINY, **changes})
    return (Qwen2ForCausalLM if kind is Qwen2Config else LlamaForCausalLM)(config).eval()


def refill(model) -> None:
    with torch.no_grad():
        for name, p in named(model).items():
            p.copy_(fill(name, tuple(p.shape)))


def tokens() -> torch.Tensor:
    return labels("tokens", BATCH * TOKENS, TINY["vocab_size"]).reshape(BATCH, TOKENS)


def gradients(file: pathlib.Path, model) -> None:
    refill(model)
    model = model.double()
    logits = model(tokens()).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens()[:, 1:].flatten())
    loss.backward()
    out = {"logits": logits.detach().float(), "loss": loss.detach().float().reshape(1)}
    for name, p in named(model).items():
        out["grad." + name] = p.grad.float().contiguous()
    save_file(out, file, metadata={"torch": torch.__version__, "transformers": transformers.__version__})
    file.chmod(0o644)


def checkpoint(folder: pathlib.Path) -> None:
    model = make("gqa")
    fill_parameters(model)
    model.save_pretrained(folder, max_shard_size="8KB")
    with torch.no_grad():
        save_file({"logits": model.double()(tokens()).logits.float()}, folder / "expected-logits.safetensors")
    for f in folder.iterdir():
        f.chmod(0o644)


def sizes() -> dict:
    sizes = {
        "llama_7b": dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32),
        "llama_13b": dict(hidden_size=5120, intermediate_size=13824, num_hidden_layers=40, num_attention_heads=40),
        "llama_34b": dict(hidden_size=8192, intermediate_size=22016, num_hidden_layers=48, num_attention_heads=64, num_key_value_heads=8),
        "llama_70b": dict(hidden_size=8192, intermediate_size=28672, num_hidden_layers=80, num_attention_heads=64, num_key_value_heads=8),
    }
    counts = {}
    for name, size in sizes.items():
        with torch.device("meta"):
            model = LlamaForCausalLM(LlamaConfig(vocab_size=32000, tie_word_embeddings=False, **size))
        norms = sum(1 for m in model.modules() if type(m).__name__ == "LlamaRMSNorm")
        counts[name] = [sum(p.numel() for p in model.parameters()), norms]
    return counts


def main() -> None:
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for case in CASES:
        gradients(folder / f"llama-{case}.safetensors", make(case))
    gradients(folder / "llama-dyt.safetensors", with_dyt(make("gqa")))
    checkpoint(folder / "llama-hf")
    (folder / "llama-sizes.json").write_text(json.dumps(sizes(), indent=1) + "\n")


if __name__ == "__main__":
    main()
