#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "worker/chat/chat_format.h"

namespace ropewalk {

// A conversation to be trained on.
struct TrainingChat {
  std::string text;
  // What the assistant says in it, in order and apart from one another: each of its turns from
  // behind the header (what a generation prompt ends with) to behind what ends the turn. White
  // space that the template puts after that is not in it.
  std::vector<ByteSpan> assistant;
};

// Renders a conversation whole and finds what the assistant says. A template with {% generation %}
// says so itself, and its word is taken. For others the places are found by trial renderings (see
// Probe), also where a template changes earlier turns, as leaving reasoning out. INVALID_ARGUMENT:
// the template refuses the conversation, or a place is not certain; there are no guesses.
absl::StatusOr<TrainingChat> RenderForTraining(const ChatFormat& format,
                                               const nlohmann::ordered_json& messages,
                                               const nlohmann::ordered_json& tools);

}  // namespace ropewalk
