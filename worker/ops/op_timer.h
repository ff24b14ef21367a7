#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace ropewalk {

// Where the time of a step goes, op by op, for `train_bench --profile`.

// What an op did while times were kept.
struct OpTotal {
  int64_t calls = 0;
  double seconds = 0;  // its own, without the ops that it called
  double flops = 0;    // floating-point operations that its formula has
  double bytes = 0;    // its operands and results, each counted once
};

// By name, behind the names of the ops that called it: "loss/product".
using OpTotals = std::map<std::string, OpTotal>;

// Keeps times of the ops that the calling thread runs, until EndOpTimes. Nobody's otherwise: an
// OpTimer then costs a look at a thread's variable.
void BeginOpTimes();
OpTotals EndOpTimes();

// Lives as long as an op runs, on the thread that called it.
class OpTimer {
 public:
  OpTimer(const char* name, double flops, double bytes);
  ~OpTimer();
  OpTimer(const OpTimer&) = delete;
  OpTimer& operator=(const OpTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  std::string Path() const;

  const char* const name_;
  const double flops_;
  const double bytes_;
  OpTimer* caller_ = nullptr;
  Clock::time_point start_;
  double seconds_of_callees_ = 0;
};

}  // namespace ropewalk
