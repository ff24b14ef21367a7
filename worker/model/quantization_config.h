#pragma once

#include "absl/status/statusor.h"
#include "worker/model/config_reader.h"

namespace ropewalk {

// How the linear layers of a checkpoint are written; those that bitsandbytes was told to skip are
// not.
enum class Quantization {
  kNone,
  k8Bit,  // LLM.int8
  k4Bit,  // NF4, perhaps with double quantisation
};

// What the `quantization_config` of a config.json says; kNone if there is none. The dtype that it
// names for computing, and the threshold above which LLM.int8 splits activations, do not matter
// here: weights are dequantised, and the job says in what products are made.
// INVALID_ARGUMENT: another method than bitsandbytes (gptq, awq, ...), fp4, a storage other than
// uint8, or a key that is not known; the message names it.
absl::StatusOr<Quantization> ReadQuantization(const ConfigReader& config);

}  // namespace ropewalk
