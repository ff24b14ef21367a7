"""LoRA adapters for vLLM from a Ropewalk registry; README.md says how to use it, resolver.py is what vLLM calls."""
