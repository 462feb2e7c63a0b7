"""transformers' logits from a folder that this project wrote: python llama_written.py [WRITTEN] [FOLDER]

WRITTEN is what HuggingFaceFolderTest leaves in models/target/llama-written; FOLDER gets it and the logits of the tokens of llama.py. Computed in
double from the stored float32.
"""

import pathlib
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from fill import labels

ROOT = pathlib.Path(__file__).parent.parent
BATCH, TOKENS = 2, 24


def main() -> None:
    written = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/target/llama-written"
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "models/src/test/resources/goldens/llama-written"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(written, folder)
    model, info = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[what], (what, info[what])
    tokens = labels("tokens", BATCH * TOKENS, model.config.vocab_size).reshape(BATCH, TOKENS)
    with torch.no_grad():
        save_file({"logits": model.double()(tokens).logits.float()}, folder / "expected-logits.safetensors")
    for f in folder.iterdir():
        f.chmod(0o644)


main()
