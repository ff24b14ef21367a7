#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What README.md says of a version in its front matter: the YAML between two lines "---" at its
// beginning, as JSON. Null if there is none, or it is not a mapping, or has more than 10 000 nodes.
// Pure.
nlohmann::json ParseModelCard(absl::string_view readme);

// A version's labels, as the Hugging Face Hub derives its tags from card and files: the card's
// tags, its library ("peft" if there is an adapter_config.json and no other is named), languages,
// license, datasets and base models; the formats of weights; and the job that made it. Ordered,
// each once, at most 200. Pure.
std::vector<std::string> LabelsOf(const v1::Version& version, const nlohmann::json& card);

}  // namespace ropewalk
