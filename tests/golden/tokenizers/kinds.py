"""Small tokenizers of every kind in use, trained with the tokenizers library on text of text_maker.py."""

import collections
import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from text_maker import SCRIPTS, TextMaker

GPT4_LIKE = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{%s}"
             r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3, QWEN2 = GPT4_LIKE % "1,3", GPT4_LIKE % "1"
CASED = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

ADDED = [
    AddedToken("<|end|>", special=True, normalized=False),
    AddedToken("<|end|>ing", special=True, normalized=False),
    AddedToken("<mask>", special=True, lstrip=True, rstrip=True, normalized=False),
    AddedToken("<left>", special=True, lstrip=True, normalized=False),
    AddedToken("<right>", special=False, rstrip=True, normalized=False),
    AddedToken("rope", special=False, single_word=True, normalized=False),
    AddedToken("<call>", special=False, normalized=True),
    AddedToken("Größe", special=False, normalized=True, single_word=True),
    AddedToken("call", special=False, normalized=False),
    AddedToken("  ", special=False, normalized=False),
    AddedToken("縄を", special=False, normalized=True, rstrip=True),
] + [AddedToken(f"<|reserved_{i}|>", special=True, normalized=False) for i in range(12)]

Split, ByteLevel, Metaspace = pre_tokenizers.Split, pre_tokenizers.ByteLevel, pre_tokenizers.Metaspace


def byte_level(name, merges, pre_tokenizer, normalizer=None, trim=True, prefix=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=256 + merges, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    return finish(name, tokenizer, trainer, [processors.ByteLevel(trim_offsets=trim)], prefix)


def sentence_piece(name, merges, normalizer=None, pre_tokenizer=None, decoder=None, prefix=None, **options):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True, **options))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder or llama_decoder()
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=379 + merges, special_tokens=special, initial_alphabet=alphabet(120), limit_alphabet=120,
                                  show_progress=False, max_token_length=16)
    return finish(name, tokenizer, trainer, [], prefix)


def llama_decoder():
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                              decoders.Strip(" ", 1, 0)])


def training_lines():
    maker = TextMaker(7)
    return [line for line in SCRIPTS for _ in range(20)] + [maker.text() for _ in range(200)]


def alphabet(size):
    """The most frequent characters. The trainer, asked to choose, lets chance choose among equally frequent ones."""
    counts = collections.Counter("".join(training_lines()).replace(" ", "▁"))
    return sorted(counts, key=lambda character: (-counts[character], character))[:size]


def finish(name, tokenizer, trainer, post_processors, prefix):
    lines = training_lines()
    # Words for the training only: a model without a pre-tokenizer would learn whole lines.
    if tokenizer.pre_tokenizer is None:
        lines = ["▁" + word for line in lines for word in line.split(" ") if word]
        normalizer, tokenizer.normalizer = tokenizer.normalizer, normalizers.Sequence([])
        tokenizer.train_from_iterator(lines, trainer)
        tokenizer.normalizer = normalizer
    else:
        tokenizer.train_from_iterator(lines, trainer)
    keep = json.loads(tokenizer.to_str())
    keep["added_tokens"] = [t for t in keep["added_tokens"] if not t["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(keep))
    tokenizer.add_tokens(ADDED)
    if prefix:
        post_processors.append(processors.TemplateProcessing(
            single=f"{prefix} $A", special_tokens=[(prefix, tokenizer.token_to_id(prefix))]))
    if post_processors:
        tokenizer.post_processor = processors.Sequence(post_processors)
    return name, tokenizer


def without_bytes():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    return finish("few_bytes", tokenizer, trainers.BpeTrainer(vocab_size=150, show_progress=False), [], None)


def all_kinds(merges):
    """(name, tokenizer) of every kind, with as many merges."""
    spaces = normalizers.Replace(" ", "▁")
    gpt2 = ByteLevel(add_prefix_space=False)
    bytes_only = ByteLevel(add_prefix_space=False, use_regex=False)
    yield byte_level("gpt2", merges, gpt2)
    yield byte_level("prefix_space", merges, ByteLevel(add_prefix_space=True))
    yield byte_level("llama3", merges, pre_tokenizers.Sequence([Split(Regex(LLAMA3), "isolated"), bytes_only]),
                     prefix="<|end|>", ignore_merges=True)
    yield byte_level("qwen2", merges, pre_tokenizers.Sequence([Split(Regex(QWEN2), "isolated"), bytes_only]),
                     normalizer=normalizers.NFC(), trim=False)
    yield byte_level("cased", merges, pre_tokenizers.Sequence([Split(Regex(CASED), "removed", invert=True), bytes_only]))
    yield byte_level("digits", merges, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2]))
    yield byte_level("falcon", merges, pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), gpt2, pre_tokenizers.Digits(individual_digits=False),
        Split(Regex("[0-9][0-9][0-9]"), "isolated")]))
    yield byte_level("nfkc", merges, pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), bytes_only]),
                     normalizer=normalizers.NFKC())
    yield byte_level("nfd", merges, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), bytes_only]),
                     normalizer=normalizers.Sequence([normalizers.NFD(), normalizers.Strip()]))
    yield byte_level("nfkd", merges, pre_tokenizers.Sequence([Split(" ", "merged_with_next"), bytes_only]),
                     normalizer=normalizers.NFKD())
    yield byte_level("previous", merges, pre_tokenizers.Sequence([Split(Regex(r"\s|\p{P}"), "merged_with_previous"), bytes_only]),
                     normalizer=normalizers.Lowercase())
    yield byte_level("contiguous", merges, pre_tokenizers.Sequence([Split(Regex(r"\p{L}|(?=\d)"), "contiguous"), bytes_only]))
    yield without_bytes()
    yield sentence_piece("llama2", merges, normalizers.Sequence([normalizers.Prepend("▁"), spaces]), prefix="<s>")
    yield sentence_piece("mistral", merges, None, Metaspace(prepend_scheme="first", split=False))
    yield sentence_piece("metaspace", merges, None, Metaspace(prepend_scheme="always", split=True),
                         decoders.Metaspace(prepend_scheme="always"))
    yield sentence_piece("never", merges, normalizers.Replace(Regex(" {2,}"), " "), Metaspace(prepend_scheme="never", split=True),
                         decoders.Metaspace(prepend_scheme="never"))
    yield sentence_piece("first_stripped", merges, normalizers.Strip(), Metaspace(prepend_scheme="first", split=True))
    yield sentence_piece("gemma", merges, spaces, Split(" ", "merged_with_previous"), decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]))
    yield sentence_piece("whole_words", merges, normalizers.Sequence([normalizers.Prepend("▁"), spaces]), ignore_merges=True)
