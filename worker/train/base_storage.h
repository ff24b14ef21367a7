#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/model/model_folder.h"
#include "worker/model/transformer.h"
#include "worker/ops/weight_storage.h"
#include "worker/peft/base_weights.h"

namespace ropewalk {

namespace v1 {
class Lora;
}

// How the base's linear layers are to be held; nothing: as the model folder has them.
using WantedStorage = std::optional<WeightStorage>;

WantedStorage WantedStorageOf(const v1::Lora& lora);

// The same from a command line: "", or a job's base_storage as people write it, "nf4".
// INVALID_ARGUMENT: neither; the message lists what is allowed.
absl::StatusOr<WantedStorage> ParseWantedStorage(const std::string& text, bool double_quantization);

// INVALID_ARGUMENT: the base is held otherwise than in float32, which `what` needs.
absl::Status CheckHoldsFloat32(const ModelFolder& folder, WantedStorage storage,
                               absl::string_view what);

// INVALID_ARGUMENT: `weights` has a linear layer that is not held in float32, and so cannot take
// other values.
absl::Status CheckTrainsHeldWeights(const ModelFolder& folder, WantedStorage storage,
                                    const BaseWeights& weights);

// Gives `transformer`, which was made for this storage, the weights of the folder, which has some.
// What the folder has quantised is used as it is, or dequantised for a storage of 16 bits or more.
// A matrix that the file has as it is to be held is mapped, not copied: processes share it, and it
// must not change while it is in use.
// INVALID_ARGUMENT: a weight cannot be rounded so, because it is not finite or too large for
// halves, or is quantised otherwise already; the message names it.
template <typename T>
absl::Status LoadWeights(const ModelFolder& folder, WantedStorage storage,
                         Transformer<T>* transformer);

}  // namespace ropewalk
