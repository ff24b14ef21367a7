#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/model/config.h"
#include "worker/peft/peft_folder.h"

namespace ropewalk {

// The bytes of a GGUF file that llama.cpp loads as a LoRA adapter (`--lora FILE`) of the base in
// GGUF: tensors blk.N.attn_q.weight.lora_a and so on, in float32. llama.cpp multiplies by alpha /
// rank alone, so what else a scale has is folded into B; where it keeps the rows of q_proj and
// k_proj in pairs for its own rotation (Llama, Mistral), so are B's here. A function of the
// arguments alone.
// INVALID_ARGUMENT: llama.cpp has no name for the architecture, the adapter is empty, or has DoRA's
// magnitudes, biases or modules_to_save.
absl::StatusOr<std::string> GgufAdapter(const ModelConfig& config, const LoraAdapter& adapter);

}  // namespace ropewalk
