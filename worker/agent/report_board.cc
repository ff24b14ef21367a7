#include "worker/agent/report_board.h"

namespace ropewalk {

void ReportBoard::Update(absl::FunctionRef<void(v1::WorkerReport&)> change) {
  {
    MutexLock lock(&mutex_);
    change(report_);
  }
  on_change_();
}

v1::WorkerReport ReportBoard::Take() {
  MutexLock lock(&mutex_);
  v1::WorkerReport taken = report_;
  report_.clear_steps();
  report_.clear_evaluations();
  return taken;
}

void ReportBoard::PutBack(const v1::WorkerReport& unsent) {
  MutexLock lock(&mutex_);
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
