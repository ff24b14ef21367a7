#pragma once

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"

namespace ropewalk {

// JSON from who knows whom. What is no JSON, or is nested more than 100 deep, is_discarded(): to
// destroy or write a tree takes stack for each level of it. Pure.
nlohmann::json ParseJson(absl::string_view text);

}  // namespace ropewalk
