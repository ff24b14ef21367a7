#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "absl/time/time.h"

namespace ropewalk {

// What befalls one process of a cluster.
enum class FaultKind {
  kKill,      // SIGKILL; started again after `lasts`
  kStop,      // SIGSTOP for `lasts`
  kCut,       // the connections of its ring are reset
  kHalfOpen,  // they stay, but move nothing for `lasts`
  kDeafen,    // they move nothing to it for `lasts`, but what it sends
  kSlow,      // they are slow, late and unsteady for `lasts`
  kCorrupt,   // a bit on the way to it is flipped
  kFillDisk,  // there is no room on its disk for `lasts`
  kJoin,      // one worker more, which leaves after `lasts`
};

struct Fault {
  absl::Duration after;  // the fault before
  FaultKind kind = FaultKind::kKill;
  std::string victim;  // "w0", ..., "coordinator" or "registry"; kJoin: the newcomer
  absl::Duration lasts;

  // "kill w2 for 300ms"
  std::string ToString() const;
};

// An endless sequence of faults, the same for the same seed and number of workers. Pure.
class ChaosPlan {
 public:
  ChaosPlan(uint64_t seed, int workers) : random_(seed), workers_(workers) {}

  Fault Next();

 private:
  double Uniform(double from, double to);
  std::string AnyWorker();

  std::mt19937_64 random_;
  const int workers_;
};

}  // namespace ropewalk
