#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// "exact_match >= 0.9".
struct MetricFilter {
  std::string metric;
  std::string comparison;  // One of < <= > >= ==.
  double value = 0;
};

// INVALID_ARGUMENT: not a metric's name (letters, digits, '_', '-', '.', '/'), a comparison and a
// finite number. Pure.
absl::StatusOr<MetricFilter> ParseMetricFilter(absl::string_view text);

}  // namespace ropewalk
