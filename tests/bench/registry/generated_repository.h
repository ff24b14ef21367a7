#pragma once

#include <cstdint>
#include <string>

namespace ropewalk {

// One of many repositories that look like those of a registry in use, for benchmarks: three of four
// are adapters, the others models; some authors have thousands and most a few. The same index is
// the same repository everywhere. What searches look for:
//
//   in the name   "lora"     all adapters
//                 "qwen2.5"  one of five
//                 "okapi"    one of ten thousand
//   as a label    "peft"         all adapters
//                 "license:mit"  one of four
//                 "text-to-sql"  one of eight
//                 "okapi"        one of ten thousand
//   as an author  "author-0000"  about 8 %
//                 "author-1000"  about one of five thousand
struct GeneratedRepository {
  explicit GeneratedRepository(int64_t index);

  bool is_adapter;
  // "adapters/author-0041/mistral-7b-chat-lora-000123".
  std::string name;
  // README.md, a model card of its own.
  std::string card;
  // adapter_config.json or config.json.
  std::string config;
};

// A LoRA adapter of rank 1 for one module, as safetensors: the least that PEFT could load. Another
// one for each version.
std::string GeneratedWeights(int version);

// The `position`-th of `count` in an order that has nothing to do with the index, another for each
// `round`. 0 <= position < count.
int64_t Shuffled(int64_t position, int64_t count, int round);

}  // namespace ropewalk
