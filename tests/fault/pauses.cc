#include "tests/fault/pauses.h"

#include <algorithm>
#include <regex>
#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"

namespace ropewalk {
namespace {

using google::protobuf::util::TimeUtil;

bool NamesACause(const v1::JobEvent& event) {
  static const std::regex named("workers/\\w+|rank [0-9]+|w[0-9]+ (reports|was|is|has|lost|left)");
  return !event.worker().empty() || std::regex_search(event.message(), named);
}

bool IsService(const std::string& victim) {
  return victim == "coordinator" || victim == "registry";
}

bool Hangs(const GivenFault& fault) {
  const FaultKind kind = fault.fault.kind;
  return kind == FaultKind::kStop || kind == FaultKind::kHalfOpen || kind == FaultKind::kDeafen;
}

void Blame(absl::Span<const GivenFault> faults, Pause* pause) {
  const absl::Time start = pause->end - pause->length;
  absl::Time last = start;
  for (const GivenFault& fault : faults) {
    if (fault.given > pause->end || fault.undone < start) continue;
    pause->hung = pause->hung || Hangs(fault);
    last = std::max(last, fault.given);
    if (IsService(fault.fault.victim) && fault.undone <= pause->end) {
      last = std::max(last, fault.undone);
    }
  }
  pause->wait = pause->end - last;
}

}  // namespace

std::vector<Pause> PausesOf(absl::Span<const v1::JobEvent> events,
                            absl::Span<const GivenFault> faults) {
  std::vector<Pause> pauses;
  bool explained = false;
  for (const v1::JobEvent& event : events) {
    if (event.kind() != v1::JobEvent::RESUMED) {
      explained = explained || NamesACause(event);
      continue;
    }
    Pause pause;
    pause.end = absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(event.time()));
    pause.length = absl::Microseconds(TimeUtil::DurationToMicroseconds(event.pause()));
    pause.explained = std::exchange(explained, false);
    Blame(faults, &pause);
    pauses.push_back(pause);
  }
  return pauses;
}

}  // namespace ropewalk
