"""What transformers reads of folders that this project wrote: python llama_written.py [WRITTEN] [FOLDER]

WRITTEN is what HuggingFaceFolderTest leaves in models/target/llama-written, a folder a case of llama.py. transformers has to load each without a
warning and without a tensor too few, too many or of another shape, and to give the logits of llama-CASE.safetensors; FOLDER gets the case gqa and
transformers' logits from it, of the tokens of llama.py. Computed in double from the stored float32.
"""

import contextlib
import io
import json
import pathlib
import shutil
import sys
import warnings
from logging import StreamHandler

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils import logging

from fill import labels

ROOT = pathlib.Path(__file__).parent.parent
GOLDENS = ROOT / "models/src/test/resources/goldens"
CASES = ("gqa", "mha", "tied", "rope3", "qwen2", "biases")
BATCH, TOKENS = 2, 24


def load(folder: pathlib.Path):
    said = io.StringIO()
    handler = StreamHandler(said)
    logging.add_handler(handler)  # transformers' own keeps the stderr of its import
    with contextlib.redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("error")
        model, info = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    logging.remove_handler(handler)
    assert not said.getvalue(), (folder, said.getvalue())
    assert not any(info.values()), (folder, info)
    generation = json.loads((folder / "generation_config.json").read_text())
    made = {k: v for k, v in GenerationConfig.from_model_config(model.config).to_dict().items() if k in ("bos_token_id", "eos_token_id")}
    assert generation == {"_from_model_config": True, **{k: v for k, v in made.items() if v is not None}}, (generation, made)
    assert model.generation_config.eos_token_id == model.config.eos_token_id == [2, 31], model.generation_config
    return model


def logits(model) -> torch.Tensor:
    tokens = labels("tokens", BATCH * TOKENS, model.config.vocab_size).reshape(BATCH, TOKENS)
    with torch.no_grad():
        return model.double()(tokens).logits.float()


def main() -> None:
    written = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/target/llama-written"
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else GOLDENS / "llama-written"
    logging.disable_progress_bar()
    logging.set_verbosity_warning()
    for case in CASES:
        model = load(written / case)
        expected = load_file(GOLDENS / f"llama-{case}.safetensors")["logits"]
        actual = logits(model)
        error = ((actual - expected).norm() / expected.norm()).item()
        print(f"{case:8} {type(model).__name__:20} relative error {error:.1e}")
        assert error < 1e-6, (case, error)
        if case == "gqa":
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(written / case, folder)
            save_file({"logits": actual}, folder / "expected-logits.safetensors")
            for f in folder.iterdir():
                f.chmod(0o644)


main()
