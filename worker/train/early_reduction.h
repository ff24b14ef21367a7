#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "services/common/mutex.h"
#include "worker/train/checksum.h"
#include "worker/train/gradient_reducer.h"

namespace ropewalk {

// Reduces a vector part by part, from its end to its beginning, in a thread of its own while what
// comes before is still being computed: so a step's gradients travel during the backward pass.
//
// Every part is a reduction of its own, so all ranks cut alike. Nobody else uses the reducer
// between the construction and Finish.
class EarlyReduction {
 public:
  // `sums` is cut into parts of `part` elements, from its first one on. `reducer` and the memory of
  // `sums`, which `owner` keeps alive, outlive this.
  EarlyReduction(int64_t step, absl::Span<int32_t> sums, int64_t part,
                 std::shared_ptr<const void> owner, GradientReducer* reducer);

  // Does not begin another part; waits for the one in flight, as long as the reducer does.
  ~EarlyReduction();

  EarlyReduction(const EarlyReduction&) = delete;
  EarlyReduction& operator=(const EarlyReduction&) = delete;

  // Elements from `first` on are complete: nobody but the reducer changes them any more. Smaller
  // from call to call.
  void Complete(int64_t first);

  // Waits until all is reduced; the first error of the reducer. REQUIRES: Complete(0) was called.
  absl::Status Finish();

  // Of all elements as they were put in. REQUIRES: Complete(0) was called.
  const LinearChecksum& checksum() const { return checksum_; }

 private:
  void ReduceParts();
  bool WaitForPart(int64_t first);

  const int64_t step_;
  const absl::Span<int32_t> sums_;
  const int64_t part_;
  std::shared_ptr<const void> owner_;
  GradientReducer* const reducer_;
  int64_t ready_;  // elements from here on are whole parts that are complete
  LinearChecksum checksum_;

  Mutex mutex_;
  CondVar changed_;
  int64_t ready_for_thread_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_;  // the thread's, until it is joined
  std::thread thread_;   // the last member: it uses the others
};

}  // namespace ropewalk
