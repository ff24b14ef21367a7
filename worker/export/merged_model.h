#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/model/model_folder.h"
#include "worker/peft/peft_folder.h"

namespace ropewalk {

// Takes one file of a folder, by its path in it.
using FileSink = std::function<absl::Status(const std::string& path, absl::string_view bytes)>;

// As large as Hugging Face's own files are at most.
inline constexpr int64_t kMaxShardBytes = 5'000'000'000;

// The whole Hugging Face model folder that base and adapter are together, W + scale B A, file by
// file: what the base has beside its weights (config, generation config, tokenizer, chat template)
// byte for byte, and its weights in their own dtypes, in model.safetensors or, where they are
// larger than `max_shard_bytes`, in several files and their index. Holds one of these at a time in
// memory. A function of the arguments and the base's files alone.
// INVALID_ARGUMENT: a weight of the base is not float32, float16 or bfloat16. FAILED_PRECONDITION:
// the base has no weights. The file system's or the sink's error.
absl::Status WriteMergedModel(const std::string& base_folder, const ModelFolder& base,
                              const LoraAdapter& adapter, int64_t max_shard_bytes,
                              const FileSink& sink);

}  // namespace ropewalk
