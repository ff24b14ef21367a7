#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "worker/data/row.h"

namespace ropewalk {

// The kinds of rows that people have, told apart by their keys, the first that fits:
//   {"messages": [...], "tools"?: [...]}, as OpenAI and transformers write conversations
//   {"conversations": [{"from": "human", "value": "..."}], "system"?, "tools"?}, ShareGPT
//   {"instruction": "...", "input"?, "output", "system"?, "history"?: [["...", "..."]]}, Alpaca
//   {"prompt": ..., "completion": ...}, both texts, or both lists of messages
//   {"text": "..."}
// `tools` may also be such a list written as a text. Other keys are left alone.
//
// INVALID_ARGUMENT: none of these, or both of the last two, or a value of another type than it
// should have; the message names the key, not the file.
absl::StatusOr<decltype(Row::content)> ReadRow(const nlohmann::ordered_json& row);

}  // namespace ropewalk
