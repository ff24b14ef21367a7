#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// JSON as templates see it. Text is not copied: `json` outlives the rendering. INVALID_ARGUMENT: it
// is nested too deeply, holds text that is not UTF-8, or an integer beyond 64 bits.
absl::StatusOr<Value> FromJson(Runtime& runtime, const nlohmann::ordered_json& json, int depth = 0);

// A copy of the text that lives as long as the rendering.
absl::StatusOr<absl::string_view> KeepText(Runtime& runtime, absl::string_view text);

}  // namespace ropewalk::jinja
