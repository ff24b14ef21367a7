#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace google::protobuf {
class Duration;
class Timestamp;
}  // namespace google::protobuf

namespace ropewalk {

// Quantities as people read them.

// The largest two units that matter: "45s", "12m", "3h20m", "5d". Negative counts as zero.
std::string HumanDuration(absl::Duration duration);

// "812", "12.3k", "4.0M".
std::string HumanCount(double count);

// "812 B", "12.3 KiB", "4.0 GiB".
std::string HumanBytes(int64_t bytes);

// "938.0 Mbit/s", as networks are called.
std::string HumanBitRate(double bytes_per_second);

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);

// How long ago `timestamp` was; "" if it is not set.
std::string Age(const google::protobuf::Timestamp& timestamp, absl::Time now);

// The last part of a resource name: "jobs/dates-1" is "dates-1".
std::string LastPart(const std::string& name);

}  // namespace ropewalk
