#pragma once

#include "absl/status/status.h"
#include "worker/model/config.h"
#include "worker/model/config_reader.h"

namespace ropewalk {

// Reads RoPE's settings: transformers 5 writes rope_parameters {rope_type, rope_theta, ...},
// transformers 4 rope_theta and rope_scaling {rope_type or type, ...}. Values within those objects
// go before those beside them, save original_max_position_embeddings, as in transformers.
// REQUIRES: config->head_dim and config->max_position_embeddings have been read.
// INVALID_ARGUMENT: a type that is not known, a setting that is missing, out of range, or one that
// the type does not use.
absl::Status ReadRope(const ConfigReader& reader, ModelConfig* config);

}  // namespace ropewalk
