#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ropewalk {

// Plain values as YAML in block style, ended by a newline. Strings are quoted only where YAML would
// read them as something else.
std::string WriteYaml(const nlohmann::ordered_json& tree);

}  // namespace ropewalk
