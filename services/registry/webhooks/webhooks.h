#pragma once

#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "services/common/http_client.h"
#include "services/common/mutex.h"
#include "services/registry/repository_listener.h"

namespace ropewalk {

struct WebhookOptions {
  std::vector<std::string> urls;
  // Sent as X-Webhook-Secret, so that who listens knows that it comes from here; may be empty.
  std::string secret;
  // Where clients reach the registry, for the links in what is sent.
  std::string origin;
  // How often one event is tried, with pauses from `first_pause` on that double.
  int attempts = 5;
  absl::Duration first_pause = absl::Seconds(1);
};

// Posts every change of a registry to addresses, in order, on a thread of its own. What cannot be
// delivered is logged, counted and dropped; so is what comes while 1000 events wait, and what waits
// when the registry ends. Thread-safe.
class Webhooks final : public RepositoryListener {
 public:
  explicit Webhooks(WebhookOptions options);
  // Tries to deliver nothing more.
  ~Webhooks() override;

  void OnChange(const v1::Repository* before, const v1::Repository* after) override;

 private:
  struct Delivery {
    std::string url;
    std::string payload;
  };

  void Run();
  bool Take(Delivery* delivery);
  void Deliver(const Delivery& delivery);
  // The empty status is success.
  absl::Status Post(const Delivery& delivery);
  bool Pause(absl::Duration duration);

  const WebhookOptions options_;
  HttpClient client_;
  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Delivery> waiting_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ropewalk
