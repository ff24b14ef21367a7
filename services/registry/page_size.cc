#include "services/registry/page_size.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 500;

}  // namespace

absl::StatusOr<int> PageSize(int asked) {
  if (asked < 0) {
    return absl::InvalidArgumentError(absl::StrCat("page_size ", asked, " is negative"));
  }
  return asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize);
}

}  // namespace ropewalk
