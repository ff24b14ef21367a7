#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/model/config.h"
#include "worker/model/config_reader.h"

namespace ropewalk {

// A family of models as config.json describes it. Defaults are those of transformers' config
// classes.
struct ConfigFamily {
  absl::string_view architecture;
  absl::string_view model_type;
  int64_t num_key_value_heads;  // 0: as many as of queries
  int64_t head_dim;             // 0: hidden_size / num_attention_heads
  int64_t max_position_embeddings;
  std::vector<absl::string_view> keys;  // that `read` looks at and other families do not have
  // Reads what is the family's own: biases, norms of heads, sliding windows. The sizes have been
  // read.
  absl::Status (*read)(const ConfigReader& reader, ModelConfig* config);
};

// Finds the family by "architectures", or by "model_type" where that is missing. transformers goes
// by model_type, so the two must not contradict each other.
absl::StatusOr<ConfigFamily> FindConfigFamily(const ConfigReader& reader);

}  // namespace ropewalk
