#include "worker/chat/jinja/budget.h"

#include "absl/strings/str_cat.h"

namespace ropewalk::jinja {
namespace {

absl::Status TooMuchMemory(size_t limit) {
  return absl::InvalidArgumentError(
      absl::StrCat("the template makes more than ", limit, " bytes of values"));
}

}  // namespace

absl::Status Budget::Step(int64_t count) {
  steps_ += count;
  if (steps_ <= limits_.steps) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the template takes more than ", limits_.steps, " steps"));
}

absl::Status Budget::Allocate(size_t bytes) {
  if (bytes > limits_.memory_bytes - allocated_) return TooMuchMemory(limits_.memory_bytes);
  allocated_ += bytes;
  return absl::OkStatus();
}

absl::Status Budget::Fits(size_t count, size_t size) const {
  const size_t room = limits_.memory_bytes - allocated_;
  if (size != 0 && count > room / size) return TooMuchMemory(limits_.memory_bytes);
  return absl::OkStatus();
}

}  // namespace ropewalk::jinja
