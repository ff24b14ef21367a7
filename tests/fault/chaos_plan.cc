#include "tests/fault/chaos_plan.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

const char* NameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kKill:
      return "kill";
    case FaultKind::kStop:
      return "stop";
    case FaultKind::kCut:
      return "cut off";
    case FaultKind::kHalfOpen:
      return "mute";
    case FaultKind::kDeafen:
      return "deafen";
    case FaultKind::kSlow:
      return "slow down";
    case FaultKind::kCorrupt:
      return "flip a bit to";
    case FaultKind::kFillDisk:
      return "fill the disk of";
    case FaultKind::kJoin:
      return "add";
  }
  return "";
}

}  // namespace

std::string Fault::ToString() const {
  std::string text = absl::StrCat(NameOf(kind), " ", victim);
  if (lasts > absl::ZeroDuration()) absl::StrAppend(&text, " for ", absl::FormatDuration(lasts));
  return text;
}

// Not std::uniform_real_distribution, of which each library has its own.
double ChaosPlan::Uniform(double from, double to) {
  return from + (to - from) * static_cast<double>(random_() >> 11) * 0x1p-53;
}

std::string ChaosPlan::AnyWorker() { return absl::StrCat("w", random_() % workers_); }

Fault ChaosPlan::Next() {
  Fault fault;
  fault.after = absl::Milliseconds(static_cast<int64_t>(Uniform(200, 2800)));
  fault.victim = AnyWorker();
  double seconds = 0;
  const double kind = Uniform(0, 100);
  if (kind < 40) {
    fault.kind = FaultKind::kKill;
    seconds = Uniform(0, 1.5);
  } else if (kind < 46) {
    fault.kind = kind < 44 ? FaultKind::kKill : FaultKind::kFillDisk;
    fault.victim = Uniform(0, 1) < 0.5 ? "coordinator" : "registry";
    seconds = Uniform(0, 1);
  } else if (kind < 64) {
    fault.kind = FaultKind::kStop;
    seconds = Uniform(0.1, 4);
  } else if (kind < 66) {  // past its lease
    fault.kind = FaultKind::kStop;
    seconds = Uniform(10.5, 14);
  } else if (kind < 78) {
    fault.kind = FaultKind::kCut;
  } else if (kind < 83) {
    fault.kind = FaultKind::kHalfOpen;
    seconds = Uniform(0.5, 4);
  } else if (kind < 87) {
    fault.kind = FaultKind::kDeafen;
    seconds = Uniform(0.5, 4);
  } else if (kind < 91) {
    fault.kind = FaultKind::kSlow;
    seconds = Uniform(1, 4);
  } else if (kind < 95) {
    fault.kind = FaultKind::kCorrupt;
  } else {
    fault.kind = FaultKind::kJoin;
    fault.victim = absl::StrCat("w", workers_);
    seconds = Uniform(2, 6);
  }
  fault.lasts = absl::Milliseconds(static_cast<int64_t>(seconds * 1000));
  return fault;
}

}  // namespace ropewalk
