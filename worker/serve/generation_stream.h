#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "worker/generate/generator.h"

namespace ropewalk {

// A text on its way from the thread that generates it to the one that wants it. Thread-safe.
class GenerationStream {
 public:
  // What has come since the last one.
  struct Piece {
    std::string text;
    int64_t new_tokens = 0;              // since the beginning
    std::optional<FinishReason> finish;  // set in the last one
  };

  // The generating side. Put counts a token; it returns false once nobody wants the text any more.
  bool Put(absl::string_view text);
  // The last text, which is no token of its own, and why it is the last.
  void End(absl::string_view text, FinishReason reason);
  // Ends the text with an error.
  void Abort(absl::Status error);
  bool cancelled() const;

  // The wanting side. Waits for a token, at most `timeout`; an empty optional if none came. The
  // error, if the text was aborted.
  absl::StatusOr<std::optional<Piece>> Next(absl::Duration timeout);
  // The text is not wanted any more.
  void Cancel();

 private:
  void Signal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  Piece piece_ ABSL_GUARDED_BY(mutex_);
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
