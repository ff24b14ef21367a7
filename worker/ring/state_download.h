#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ropewalk/v1/ring_service.pb.h"

namespace ropewalk {

// A state as it arrives, over as many streams as it takes. Pure.
class StateDownload {
 public:
  // Where the next stream must begin.
  int64_t offset() const { return static_cast<int64_t>(bytes_.size()); }

  // `first` of its stream? Then it says what the whole is.
  // DATA_LOSS: it is another state than the one begun, or more than announced.
  absl::Status Append(const v1::PullStateResponse& response, bool first);

  // The state. DATA_LOSS: it is not whole, or does not match its digest.
  absl::StatusOr<std::string> Finish() &&;

 private:
  struct Whole {
    int64_t bytes;
    uint64_t digest;

    bool operator==(const Whole&) const = default;
  };

  std::optional<Whole> whole_;
  std::string bytes_;
};

}  // namespace ropewalk
