#include "services/registry/webhooks/webhooks.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/common/status_macros.h"
#include "services/common/threads.h"
#include "services/registry/webhooks/webhook_event.h"

namespace ropewalk {
namespace {

constexpr size_t kMostWaiting = 1000;
constexpr int64_t kMostAnswerBytes = 64 << 10;
constexpr absl::Duration kPatience = absl::Seconds(10);

void Drop(const std::string& url, const std::string& why) {
  CounterMetric("ropewalk_registry_webhooks_dropped_total", "Events that no webhook was told of.")
      .Increment(1);
  LogWarning("a webhook is not told of a change", {{"url", url}, {"why", why}});
}

}  // namespace

Webhooks::Webhooks(WebhookOptions options)
    : options_(std::move(options)), thread_([this] { Run(); }) {}

Webhooks::~Webhooks() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void Webhooks::OnChange(const v1::Repository* before, const v1::Repository* after) {
  for (const nlohmann::json& event : WebhookEvents(before, after, options_.origin)) {
    for (const std::string& url : options_.urls) {
      MutexLock lock(&mutex_);
      if (waiting_.size() >= kMostWaiting) {
        Drop(url, "too many are waiting");
        continue;
      }
      waiting_.push_back(
          {url, event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
      changed_.SignalAll();
    }
  }
}

void Webhooks::Run() {
  SetThreadName("webhooks");
  Delivery delivery;
  while (Take(&delivery)) Deliver(delivery);
}

bool Webhooks::Take(Delivery* delivery) {
  MutexLock lock(&mutex_);
  while (!stop_ && waiting_.empty()) changed_.WaitFor(&mutex_, absl::Minutes(1));
  if (stop_) return false;
  *delivery = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void Webhooks::Deliver(const Delivery& delivery) {
  absl::Duration pause = options_.first_pause;
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = Post(delivery);
    if (status.ok()) return;
    if (attempt == options_.attempts || absl::IsInvalidArgument(status)) {
      return Drop(delivery.url, status.ToString());
    }
    if (!Pause(pause)) return;
    pause *= 2;
  }
}

absl::Status Webhooks::Post(const Delivery& delivery) {
  HttpCall call;
  call.method = "POST";
  call.url = delivery.url;
  call.body = delivery.payload;
  call.headers = {{"Content-Type", "application/json"}};
  if (!options_.secret.empty()) call.headers.emplace_back("X-Webhook-Secret", options_.secret);
  call.deadlines.total = kPatience;
  ASSIGN_OR_RETURN(const HttpReply reply, client_.Send(call, kMostAnswerBytes));
  if (reply.status / 100 == 2) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("it answers ", reply.status));
}

bool Webhooks::Pause(absl::Duration duration) {
  const Clock* clock = Clock::Real();
  const absl::Duration end = clock->Monotonic() + duration;
  MutexLock lock(&mutex_);
  while (!stop_ && clock->Monotonic() < end) {
    changed_.WaitFor(&mutex_, end - clock->Monotonic());
  }
  return !stop_;
}

}  // namespace ropewalk
