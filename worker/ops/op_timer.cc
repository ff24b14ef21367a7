#include "worker/ops/op_timer.h"

#include <memory>
#include <utility>

namespace ropewalk {
namespace {

thread_local std::unique_ptr<OpTotals> totals;  // null: no times are kept
thread_local OpTimer* innermost = nullptr;

}  // namespace

void BeginOpTimes() { totals = std::make_unique<OpTotals>(); }

OpTotals EndOpTimes() { return std::move(*std::exchange(totals, nullptr)); }

OpTimer::OpTimer(const char* name, double flops, double bytes)
    : name_(name), flops_(flops), bytes_(bytes) {
  if (totals == nullptr) return;
  caller_ = std::exchange(innermost, this);
  start_ = Clock::now();
}

OpTimer::~OpTimer() {
  if (innermost != this) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  OpTotal& total = (*totals)[Path()];
  ++total.calls;
  total.seconds += seconds - seconds_of_callees_;
  total.flops += flops_;
  total.bytes += bytes_;
  innermost = caller_;
  if (caller_ != nullptr) caller_->seconds_of_callees_ += seconds;
}

std::string OpTimer::Path() const {
  return caller_ == nullptr ? name_ : caller_->Path() + "/" + name_;
}

}  // namespace ropewalk
