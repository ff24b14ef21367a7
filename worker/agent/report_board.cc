#include "worker/agent/report_board.h"

#include <utility>

namespace ropewalk {

void ReportBoard::Update(absl::FunctionRef<void(v1::WorkerReport&)> change) {
  {
    MutexLock lock(&mutex_);
    change(report_);
  }
  on_change_();
}

void ReportBoard::AddLink(const v1::Link& link) {
  {
    MutexLock lock(&mutex_);
    links_.push_back(link);
  }
  on_change_();
}

void ReportBoard::SetRelayAddresses(std::vector<std::string> addresses) {
  {
    MutexLock lock(&mutex_);
    relay_addresses_ = std::move(addresses);
  }
  on_change_();
}

v1::WorkerReport ReportBoard::Take() {
  MutexLock lock(&mutex_);
  v1::WorkerReport taken = report_;
  *taken.mutable_links() = {links_.begin(), links_.end()};
  *taken.mutable_relay_addresses() = {relay_addresses_.begin(), relay_addresses_.end()};
  links_.clear();
  report_.clear_steps();
  report_.clear_evaluations();
  return taken;
}

void ReportBoard::PutBack(const v1::WorkerReport& unsent) {
  MutexLock lock(&mutex_);
  links_.insert(links_.begin(), unsent.links().begin(), unsent.links().end());
  if (unsent.job() != report_.job()) return;
  v1::WorkerReport older;
  *older.mutable_steps() = unsent.steps();
  *older.mutable_evaluations() = unsent.evaluations();
  older.mutable_steps()->MergeFrom(report_.steps());
  older.mutable_evaluations()->MergeFrom(report_.evaluations());
  report_.mutable_steps()->Swap(older.mutable_steps());
  report_.mutable_evaluations()->Swap(older.mutable_evaluations());
}

}  // namespace ropewalk
