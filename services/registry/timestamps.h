#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

namespace ropewalk {

// Times as stores keep them: microseconds since 1970.

inline int64_t ToMicros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

inline void FromMicros(int64_t micros, google::protobuf::Timestamp* time) {
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

}  // namespace ropewalk
