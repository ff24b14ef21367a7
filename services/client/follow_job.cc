#include "services/client/follow_job.h"

#include <utility>

#include "absl/time/clock.h"
#include "services/client/progress_line.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(100);

class Follower {
 public:
  Follower(std::function<std::unique_ptr<JobStream>(int64_t)> open, const FollowOptions& options,
           const Clock* clock, JobView* view)
      : open_(std::move(open)), options_(options), clock_(clock), view_(view) {}

  absl::StatusOr<Followed> Follow() {
    const absl::Duration deadline = clock_->Monotonic() + options_.timeout;
    std::unique_ptr<JobStream> stream = open_(0);
    last_contact_ = clock_->Monotonic();
    while (true) {
      if (options_.interrupted()) return Followed{FollowEnd::kInterrupted, job_};
      if (clock_->Monotonic() >= deadline) return Followed{FollowEnd::kTimedOut, job_};
      v1::WatchJobResponse news;
      switch (stream->Next(kTick, &news)) {
        case JobStream::Result::kMessage:
          Take(news);
          break;
        case JobStream::Result::kTimeout:
          RETURN_IF_ERROR(CheckPatience());
          break;
        case JobStream::Result::kEnd:
          if (stream->status().ok() && HasEnded(job_.state())) {
            return Followed{FollowEnd::kJobEnded, job_};
          }
          RETURN_IF_ERROR(NoteBreak(stream->status()));
          stream = open_(last_sequence_);
      }
    }
  }

 private:
  void Take(const v1::WatchJobResponse& news) {
    connected_ = true;
    last_contact_ = clock_->Monotonic();
    job_ = news.job();
    if (!news.events().empty()) last_sequence_ = news.events().rbegin()->sequence();
    view_->Update(news);
  }

  // A connected stream may be silent as long as it likes.
  absl::Status CheckPatience() const {
    if (connected_ || clock_->Monotonic() - last_contact_ < options_.patience) {
      return absl::OkStatus();
    }
    return absl::UnavailableError("the coordinator stayed away; the job may still be running");
  }

  absl::Status NoteBreak(const absl::Status& status) {
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    if (connected_) {
      last_contact_ = clock_->Monotonic();
      view_->LostCoordinator();
    } else {
      absl::SleepFor(kTick);  // a server that refuses at once is not asked without pause
    }
    connected_ = false;
    return CheckPatience();
  }

  const std::function<std::unique_ptr<JobStream>(int64_t)> open_;
  const FollowOptions& options_;
  const Clock* const clock_;
  JobView* const view_;
  v1::Job job_;
  int64_t last_sequence_ = 0;
  bool connected_ = false;
  absl::Duration last_contact_;
};

}  // namespace

absl::StatusOr<Followed> FollowJob(
    const std::function<std::unique_ptr<JobStream>(int64_t after_sequence)>& open,
    const FollowOptions& options, const Clock* clock, JobView* view) {
  absl::StatusOr<Followed> followed = Follower(open, options, clock, view).Follow();
  view->Close();
  return followed;
}

}  // namespace ropewalk
