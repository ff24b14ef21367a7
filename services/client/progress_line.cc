#include "services/client/progress_line.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "services/client/enum_text.h"
#include "services/client/human.h"
#include "services/common/counted.h"

namespace ropewalk {
namespace {

constexpr int kLeastBar = 10;
constexpr int kLargestBar = 40;

std::string Steps(const v1::JobProgress& progress) {
  return progress.total_steps() == 0 ? ""
                                     : absl::StrCat(progress.step(), "/", progress.total_steps());
}

// What is known so far, each a phrase; what is not known yet is left out.
std::vector<std::string> Facts(const v1::Job& job) {
  const v1::JobProgress& progress = job.progress();
  std::vector<std::string> facts;
  if (progress.step() > 0) facts.push_back(absl::StrFormat("loss %.4f", progress.loss()));
  if (progress.tokens_per_second() > 0) {
    facts.push_back(absl::StrCat(HumanCount(progress.tokens_per_second()), " tokens/s"));
  }
  if (job.workers_size() > 0) {
    facts.push_back(Counted(job.workers_size(), "worker"));
  }
  if (progress.has_estimated_time_left() && !HasEnded(job.state())) {
    facts.push_back(HumanDuration(ToDuration(progress.estimated_time_left())) + " left");
  }
  return facts;
}

// "[===>    ]", `width` characters in all.
std::string Bar(const v1::JobProgress& progress, int width) {
  const int cells = width - 2;
  const double share = static_cast<double>(progress.step()) / progress.total_steps();
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * cells);
  const std::string head = full < cells && full > 0 ? ">" : "";
  const std::string done = std::string(full - head.size(), '=') + head;
  return absl::StrCat("[", done, std::string(cells - full, ' '), "]");
}

std::string Spaced(const std::vector<std::string>& phrases) {
  return absl::StrJoin(phrases, "   ");
}

std::vector<std::string> Phrases(const v1::Job& job, const std::string& bar) {
  std::vector<std::string> phrases = {absl::StrFormat("%-9s", StateText(job.state()))};
  const std::string steps = Steps(job.progress());
  if (!steps.empty()) phrases.push_back(bar.empty() ? steps : absl::StrCat(bar, " ", steps));
  for (std::string& fact : Facts(job)) phrases.push_back(std::move(fact));
  return phrases;
}

}  // namespace

std::string StateText(v1::JobState state) {
  const auto* value = v1::JobState_descriptor()->FindValueByNumber(state);
  return value == nullptr ? absl::StrCat("state ", state) : EnumText(value);
}

bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

std::string ProgressLine(const v1::Job& job, int width) {
  std::string line = Spaced(Phrases(job, ""));
  const int room = width - static_cast<int>(line.size()) - 1;
  if (job.progress().total_steps() > 0 && room >= kLeastBar) {
    line = Spaced(Phrases(job, Bar(job.progress(), std::min(room, kLargestBar))));
  }
  return line.substr(0, std::max(width, 0));
}

std::string PlainProgressLine(const v1::Job& job) {
  std::vector<std::string> phrases = {StateText(job.state())};
  const std::string steps = Steps(job.progress());
  if (!steps.empty()) phrases.push_back("step " + steps);
  for (std::string& fact : Facts(job)) phrases.push_back(std::move(fact));
  return Spaced(phrases);
}

std::string EventLine(const v1::JobEvent& event) {
  const auto* kind = v1::JobEvent::Kind_descriptor()->FindValueByNumber(event.kind());
  return absl::StrFormat("%s  %-18s  %s",
                         absl::FormatTime("%H:%M:%S", ToTime(event.time()), absl::UTCTimeZone()),
                         kind == nullptr ? "event" : EnumText(kind), event.message());
}

}  // namespace ropewalk
