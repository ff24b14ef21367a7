#include "services/client/job_view.h"

#include <string>

#include "services/client/progress_line.h"

namespace ropewalk {
namespace {

constexpr char kLostCoordinator[] =
    "lost sight of the coordinator; the job goes on, looking for it again";
constexpr absl::Duration kPlainInterval = absl::Seconds(5);

void PrintEvents(const v1::WatchJobResponse& news, std::ostream& to) {
  for (const v1::JobEvent& event : news.events()) to << EventLine(event) << "\n";
}

// Green for good, red for bad, yellow for what may yet become either.
const char* Color(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_SUCCEEDED:
    case v1::JOB_STATE_RUNNING:
      return "\033[32m";
    case v1::JOB_STATE_FAILED:
      return "\033[31m";
    default:
      return "\033[33m";
  }
}

class TerminalView : public JobView {
 public:
  explicit TerminalView(const Console& console) : console_(console) {}

  void Update(const v1::WatchJobResponse& news) override {
    Clear();
    PrintEvents(news, console_.err);
    const std::string line = ProgressLine(news.job(), console_.width - 1);
    if (console_.color) {
      const size_t end = std::min(line.find(' '), line.size());
      console_.err << Color(news.job().state()) << line.substr(0, end) << "\033[0m"
                   << line.substr(end);
    } else {
      console_.err << line;
    }
    console_.err << std::flush;
    drawn_ = true;
  }

  void LostCoordinator() override {
    Clear();
    console_.err << kLostCoordinator << std::endl;
  }

  void Close() override {
    if (drawn_) console_.err << std::endl;
  }

 private:
  void Clear() {
    if (drawn_) console_.err << "\r\033[K";
    drawn_ = false;
  }

  const Console& console_;
  bool drawn_ = false;
};

class PlainView : public JobView {
 public:
  explicit PlainView(const Console& console) : console_(console) {}

  void Update(const v1::WatchJobResponse& news) override {
    PrintEvents(news, console_.err);
    const absl::Duration now = console_.clock->Monotonic();
    const bool moved = news.job().progress().step() != shown_step_;
    if (moved && (HasEnded(news.job().state()) || now - shown_at_ >= kPlainInterval)) {
      console_.err << PlainProgressLine(news.job()) << "\n";
      shown_step_ = news.job().progress().step();
      shown_at_ = now;
    }
    console_.err << std::flush;
  }

  void LostCoordinator() override { console_.err << kLostCoordinator << std::endl; }

 private:
  const Console& console_;
  int64_t shown_step_ = 0;
  absl::Duration shown_at_ = -absl::InfiniteDuration();
};

class EventView : public JobView {
 public:
  explicit EventView(const Console& console) : console_(console) {}

  void Update(const v1::WatchJobResponse& news) override {
    PrintEvents(news, console_.out);
    console_.out << std::flush;
  }

  void LostCoordinator() override { console_.err << kLostCoordinator << std::endl; }

 private:
  const Console& console_;
};

class SilentView : public JobView {
  void Update(const v1::WatchJobResponse&) override {}
};

}  // namespace

std::unique_ptr<JobView> MakeTerminalView(const Console& console) {
  return std::make_unique<TerminalView>(console);
}

std::unique_ptr<JobView> MakePlainView(const Console& console) {
  return std::make_unique<PlainView>(console);
}

std::unique_ptr<JobView> MakeProgressView(const Console& console) {
  return console.terminal ? MakeTerminalView(console) : MakePlainView(console);
}

std::unique_ptr<JobView> MakeEventView(const Console& console) {
  return std::make_unique<EventView>(console);
}

std::unique_ptr<JobView> MakeSilentView() { return std::make_unique<SilentView>(); }

}  // namespace ropewalk
