#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/registry_client.h"

namespace ropewalk {

// What a job needs of the files on this machine, checked before anything is sent anywhere.

// Whether `name` is there as a file or folder; otherwise it names something in the registry.
bool IsLocal(const std::string& name);

// The files of a model folder that are worth keeping: configuration, tokenizer and safetensors at
// its top, not READMEs, other formats or hidden files.
absl::StatusOr<std::vector<SourceFile>> ModelFiles(const std::string& folder);

// INVALID_ARGUMENT: config.json, tokenizer.json or, for a method that needs them, weights are not
// among `paths`. model: its name, for the message.
absl::Status CheckModelFiles(const std::vector<std::string>& paths, const std::string& model,
                             const v1::Method& method);

// INVALID_ARGUMENT: a line is not a JSON object; the message begins "source:line: ". Empty lines
// are fine, but one row there must be. Pure.
absl::Status CheckJsonLines(absl::string_view text, const std::string& source);

// All local files that a spec names, by the rules above.
absl::Status CheckLocalFiles(const v1::JobSpec& spec);

}  // namespace ropewalk
