#pragma once

#include "ropewalk/v1/ring_service.grpc.pb.h"

namespace ropewalk {

// RingService by completion queues; Exchange in frames as they are on the wire.
using AsyncRingService =
    v1::RingService::WithRawMethod_Exchange<v1::RingService::WithAsyncMethod_PullState<
        v1::RingService::WithAsyncMethod_MeasureLink<v1::RingService::Service>>>;

}  // namespace ropewalk
