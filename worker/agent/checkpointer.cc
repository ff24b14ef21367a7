#include "worker/agent/checkpointer.h"

#include <pthread.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/logging.h"
#include "services/common/registry_client.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kKept = 2;

}  // namespace

Checkpointer::Checkpointer(RegistryClient* registry, std::function<bool()> may_publish,
                           std::function<void(const std::string&, int64_t)> on_saved)
    : registry_(registry), may_publish_(std::move(may_publish)), on_saved_(std::move(on_saved)) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "checkpointer");
    Run();
  });
}

Checkpointer::~Checkpointer() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  bell_.Ring();
  thread_.join();
}

void Checkpointer::SaveInBackground(Checkpoint checkpoint) {
  {
    MutexLock lock(&mutex_);
    waiting_ = std::move(checkpoint);
  }
  bell_.Ring();
}

std::optional<Checkpoint> Checkpointer::TakeWaiting() {
  MutexLock lock(&mutex_);
  return std::exchange(waiting_, std::nullopt);
}

void Checkpointer::Run() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    const std::optional<Checkpoint> checkpoint = TakeWaiting();
    if (!checkpoint.has_value()) {
      bell_.WaitFor(absl::Seconds(60));
      continue;
    }
    const absl::StatusOr<std::string> version = Save(*checkpoint);
    if (!version.ok()) {
      LogWarning("a checkpoint could not be saved",
                 {{"job", checkpoint->job}, {"reason", std::string(version.status().message())}});
    }
  }
}

absl::StatusOr<std::string> Checkpointer::Save(const Checkpoint& checkpoint) {
  if (!may_publish_())
    return absl::UnavailableError(
        "the coordinator has not been heard of; nothing may be published");
  const std::string repository = absl::StrCat("checkpoints/", checkpoint.job);
  ASSIGN_OR_RETURN(
      const v1::Version version,
      registry_->Publish(repository, {SourceFile::InMemory("state.safetensors", checkpoint.state)},
                         checkpoint.lineage, {}));
  on_saved_(version.name(), checkpoint.step);
  DropOld(version.name());
  return version.name();
}

void Checkpointer::DropOld(const std::string& newest_version) {
  std::string old;
  {
    MutexLock lock(&mutex_);
    if (!saved_.empty() && saved_.back() == newest_version) return;
    saved_.push_back(newest_version);
    if (saved_.size() <= kKept) return;
    old = saved_.front();
    saved_.pop_front();
  }
  const absl::Status status = registry_->DeleteVersion(old);
  if (!status.ok())
    LogInfo("an old checkpoint stays",
            {{"version", old}, {"reason", std::string(status.message())}});
}

}  // namespace ropewalk
