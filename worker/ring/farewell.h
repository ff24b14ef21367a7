#pragma once

#include "absl/status/status.h"
#include "ropewalk/v1/ring_service.pb.h"

namespace ropewalk {

// Why a member leaves, with the hop that broke, as it travels; and back.
v1::RingFarewell ToFarewell(const absl::Status& why);
absl::Status FromFarewell(const v1::RingFarewell& farewell);

}  // namespace ropewalk
