#include "worker/ring/tune_process.h"

#include <malloc.h>

#include <cstdlib>

#include "absl/synchronization/mutex.h"

namespace ropewalk {
namespace {

constexpr int kTopPadBytes = 16 << 20;
constexpr int kKeptBytes = 1 << 30;

}  // namespace

void TuneProcessForRing() {
  mallopt(M_TOP_PAD, kTopPadBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  setenv("GRPC_EXPERIMENTS", "tcp_frame_size_tuning,tcp_rcv_lowat", /*overwrite=*/0);
}

}  // namespace ropewalk
