#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What README.md says of a version in its front matter: the YAML between two lines "---" at its
// beginning, as JSON. Null if there is none, or none that CheckModelCard takes. Pure.
nlohmann::json ParseModelCard(absl::string_view readme);

// INVALID_ARGUMENT: there is front matter, but it has more than 64 KiB, is not a mapping in YAML
// and UTF-8, or has more than 10 000 nodes or 256 KiB of text once its aliases are followed. Pure.
absl::Status CheckModelCard(absl::string_view readme);

// A version's labels, as the Hugging Face Hub derives its tags from card and files: the card's
// tags, its library ("peft" if there is an adapter_config.json and no other is named), languages,
// license, datasets and base models; the formats of weights; and the job that made it. Ordered,
// each once, at most 200, none with control characters. Pure.
std::vector<std::string> LabelsOf(const v1::Version& version, const nlohmann::json& card);

}  // namespace ropewalk
