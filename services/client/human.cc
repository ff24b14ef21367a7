#include "services/client/human.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ropewalk {
namespace {

// "3h20m": `count` of `unit` in seconds, and what is left in the next smaller unit.
std::string TwoUnits(int64_t seconds, int64_t unit, const char* name, int64_t smaller,
                     const char* smaller_name) {
  const int64_t rest = seconds % unit / smaller;
  const std::string whole = absl::StrCat(seconds / unit, name);
  return rest == 0 ? whole : absl::StrCat(whole, rest, smaller_name);
}

// Divides by `base` until the number is short, and names the unit reached.
std::string Scaled(double value, double base, const std::array<const char*, 5>& units) {
  size_t unit = 0;
  for (; value >= base && unit + 1 < units.size(); ++unit) value /= base;
  return unit == 0 ? absl::StrFormat("%.0f%s", value, units[0])
                   : absl::StrFormat("%.1f%s", value, units[unit]);
}

}  // namespace

std::string HumanDuration(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600)
    return seconds < 600 ? TwoUnits(seconds, 60, "m", 1, "s") : absl::StrCat(seconds / 60, "m");
  if (seconds < 86400) return TwoUnits(seconds, 3600, "h", 60, "m");
  return absl::StrCat(seconds / 86400, "d");
}

std::string HumanCount(double count) { return Scaled(count, 1000, {"", "k", "M", "G", "T"}); }

std::string HumanBytes(int64_t bytes) {
  return Scaled(static_cast<double>(bytes), 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

std::string HumanBitRate(double bytes_per_second) {
  return Scaled(8 * bytes_per_second, 1000, {" bit/s", " kbit/s", " Mbit/s", " Gbit/s", " Tbit/s"});
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string Age(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  if (timestamp.seconds() == 0 && timestamp.nanos() == 0) return "";
  return HumanDuration(now - ToTime(timestamp));
}

std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace ropewalk
