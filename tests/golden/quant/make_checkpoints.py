"""Writes nf4_double/, nf4/ and int8/: tiny checkpoints that transformers quantised and saved, with
what they compute.

    ./dev oracles make_checkpoints

All on the CPU and deterministic. expected.json: the logits of `tokens` and the gradient of the sum of
their losses with respect to the embeddings that they look up, hexadecimal, little-endian float32,
from a model in float32 with the dequantised weights; and how far transformers' own logits of the
quantised model are from these.
"""

import json
import pathlib
import tempfile

import bitsandbytes as bnb
import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent
TOKENS = [3, 1, 4, 1, 5, 9, 2, 6, 31, 8]


def hexadecimal(tensor):
    return tensor.detach().contiguous().numpy().tobytes().hex()


def base():
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=40, hidden_size=64, intermediate_size=72, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
        initializer_range=0.2)
    return LlamaForCausalLM(config)


def dequantized(module):
    if isinstance(module, bnb.nn.Linear4bit):
        return bnb.functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
    if isinstance(module, bnb.nn.Linear8bitLt):
        return module.weight.CB.float() * module.weight.SCB.view(-1, 1) / 127
    return module.weight.data


def write(name, settings):
    plain = base()
    with tempfile.TemporaryDirectory() as folder:
        plain.save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=settings, dtype=torch.float32, device_map="cpu")
    weights = {
        module_name: dequantized(module)
        for module_name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    (HERE / name).mkdir(exist_ok=True)
    model.save_pretrained(HERE / name)
    (HERE / name / "generation_config.json").unlink()
    for module_name, weight in weights.items():
        plain.get_submodule(module_name).weight.data = weight.clone()
    tokens = torch.tensor([TOKENS])
    logits = plain(tokens).logits
    embedded = plain.model.embed_tokens(tokens).detach().requires_grad_()
    shifted = plain(inputs_embeds=embedded).logits[0, :-1]
    loss = torch.nn.functional.cross_entropy(shifted, tokens[0, 1:], reduction="sum")
    loss.backward()
    gradient = torch.zeros_like(plain.model.embed_tokens.weight)
    gradient.index_add_(0, tokens[0], embedded.grad[0])
    expected = {
        "tokens": TOKENS,
        "logits": hexadecimal(logits),
        "loss": loss.item(),
        "embedding_gradient": hexadecimal(gradient),
        "transformers_difference": (model(tokens).logits - logits).abs().max().item(),
    }
    (HERE / name / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(name, expected["loss"], expected["transformers_difference"])


def main():
    def four(double, **more):
        return BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=double,
            bnb_4bit_compute_dtype=torch.float32, **more)

    write("nf4_double", four(True))
    write("nf4", four(False, llm_int8_skip_modules=["lm_head", "k_proj"]))
    write("int8", BitsAndBytesConfig(load_in_8bit=True))


main()
