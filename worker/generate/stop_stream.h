#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/tokenizer/text_stream.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// The text of a growing list of tokens up to one of several strings, handed out as soon as it is
// certain: nothing that may yet become such a string, which may lie across tokens. Not thread-safe.
class StopStream {
 public:
  // `tokenizer` must outlive the stream. Empty strings in `stop` are not looked at.
  StopStream(const Tokenizer& tokenizer, std::vector<std::string> stop);

  // The text that this token makes certain; often none, sometimes more than its own.
  std::string Add(int32_t token);

  // The text has reached a string at which it stops; that and what follows it is never handed out.
  bool stopped() const { return stopped_; }

  // What was held back. To be called once, when no token follows.
  std::string Finish();

 private:
  // Takes what is certain from pending_.
  std::string TakeCertain();
  // How many bytes at the end of pending_ begin a stop string.
  size_t PossibleStop() const;

  TextStream text_;
  const std::vector<std::string> stop_;
  std::string pending_;
  bool stopped_ = false;
};

}  // namespace ropewalk
