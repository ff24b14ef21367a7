#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

class RegistryClient;

// The versions that a spec's names stand for. What is local goes to the registry first, a model
// folder as models/local/{folder}, a JSONL file as datasets/local/{file}, and only the bytes that
// the registry lacks; the rest is looked up there. say: takes a line about each upload.
// INVALID_ARGUMENT: a name is neither here nor in the registry.
absl::StatusOr<v1::JobInputs> PublishInputs(const v1::JobSpec& spec, RegistryClient* registry,
                                            const std::function<void(const std::string&)>& say);

}  // namespace ropewalk
