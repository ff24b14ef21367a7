#include "worker/chat/jinja/order.h"

#include "services/common/status_macros.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

// Merges two sorted halves of `order`; std::stable_sort cannot stop at an error.
absl::Status Merge(Runtime& runtime, const std::vector<Value>& keys, bool reverse, size_t begin,
                   size_t middle, size_t end, std::vector<size_t>* order) {
  std::vector<size_t> merged;
  merged.reserve(end - begin);
  size_t left = begin, right = middle;
  while (left < middle && right < end) {
    const Value& a = keys[(*order)[left]];
    const Value& b = keys[(*order)[right]];
    ASSIGN_OR_RETURN(const bool right_first, reverse ? Less(runtime, a, b) : Less(runtime, b, a));
    merged.push_back((*order)[right_first ? right++ : left++]);
  }
  merged.insert(merged.end(), order->begin() + left, order->begin() + middle);
  merged.insert(merged.end(), order->begin() + right, order->begin() + end);
  std::copy(merged.begin(), merged.end(), order->begin() + begin);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<size_t>> SortedOrder(Runtime& runtime, const std::vector<Value>& keys,
                                                bool reverse) {
  std::vector<size_t> order(keys.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (size_t width = 1; width < keys.size(); width *= 2) {
    for (size_t begin = 0; begin + width < keys.size(); begin += 2 * width) {
      const size_t end = std::min(begin + 2 * width, keys.size());
      RETURN_IF_ERROR(Merge(runtime, keys, reverse, begin, begin + width, end, &order));
    }
  }
  return order;
}

absl::StatusOr<Value> CaseKey(Runtime& runtime, const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.is_string()) return value;
  RETURN_IF_ERROR(runtime.budget.Scan(value.text().size()));
  return runtime.heap.String(Lower(value.text()));
}

}  // namespace ropewalk::jinja
