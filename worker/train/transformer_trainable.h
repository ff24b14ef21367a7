#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/train/trainable_model.h"

namespace ropewalk {

namespace v1 {
class Method;
enum Precision : int;
}  // namespace v1

// Opens the Hugging Face model folder for training by `method`, whose defaults must be filled in,
// in `precision`. `base_model` is the name by which people know the folder; it goes into the
// exported files.
//
// INVALID_ARGUMENT or NOT_FOUND: the folder or the method is not what it should be; the message
// names the file, tensor or field.
// FAILED_PRECONDITION: this processor cannot compute in `precision`, or the folder has no weights
// and the method is not full.
absl::StatusOr<std::unique_ptr<TrainableModel>> CreateTrainable(const std::string& model_folder,
                                                                const std::string& base_model,
                                                                const v1::Method& method,
                                                                v1::Precision precision);

}  // namespace ropewalk
