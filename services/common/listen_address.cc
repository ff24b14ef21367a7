#include "services/common/listen_address.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"

namespace ropewalk {

absl::StatusOr<HostPort> ParseHostPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  HostPort result;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &result.port) || result.port < 0 ||
      result.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is not an address; give \"host:port\", e.g. 127.0.0.1:7070"));
  }
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  result.host = std::string(host);
  return result;
}

bool IsLoopback(absl::string_view host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

absl::Status CheckListenAddress(absl::string_view address, bool insecure) {
  ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  if (insecure || IsLoopback(parsed.host)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("refusing to listen on ", address,
                   ": other machines could use it without encryption or a password. Listen on "
                   "127.0.0.1, or give "
                   "--insecure (ROPEWALK_INSECURE=true) if the network is yours alone"));
}

}  // namespace ropewalk
