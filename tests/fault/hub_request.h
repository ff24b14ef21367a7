#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

struct HubAnswer {
  int status = 0;
  std::string body;
};

// Asks the registry's HTTP side at "host:port" on a connection of its own.
// UNAVAILABLE: nobody listens, or the answer breaks off. DEADLINE_EXCEEDED: nothing came for 20 s.
absl::StatusOr<HubAnswer> AskHub(const std::string& address, const std::string& method,
                                 const std::string& target, absl::string_view body = "");

}  // namespace ropewalk
