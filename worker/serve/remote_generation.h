#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/generate/text_task.h"

namespace ropewalk {

// Has the GenerationService at `server` ("host:port") continue a text, with the adapter that it
// calls `adapter` ("": none; options.adapter is not looked at). on_text is called with each piece
// and returns false for no more. The server's error; UNAVAILABLE: there is no server;
// DEADLINE_EXCEEDED: nothing came for five minutes.
absl::Status GenerateRemotely(const std::string& server, const std::string& adapter,
                              const TextOptions& options,
                              const std::function<bool(absl::string_view)>& on_text);

}  // namespace ropewalk
