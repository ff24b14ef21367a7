#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/config.h"
#include "worker/train/inference_model.h"

namespace ropewalk {

// PEFT folders of random LoRA adapters, r = 16 on every linear layer, in a folder of their own that
// goes with this object.
class RandomAdapters {
 public:
  RandomAdapters() = default;
  ~RandomAdapters();
  RandomAdapters(const RandomAdapters&) = delete;
  RandomAdapters& operator=(const RandomAdapters&) = delete;

  // To be called once. INVALID_ARGUMENT: they cannot be written.
  absl::StatusOr<std::vector<NamedAdapter>> Write(const ModelConfig& config, int count);

 private:
  std::string folder_;
};

}  // namespace ropewalk
