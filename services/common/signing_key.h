#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Signs what the registry gives out and wants to know again (HMAC-SHA256). Whoever signs different
// things with one key begins each text differently. Thread-safe.
class SigningKey {
 public:
  static constexpr size_t kBytes = 32;

  // kBytes that nobody can guess.
  static std::string RandomBytes();

  explicit SigningKey(std::string bytes) : bytes_(std::move(bytes)) {}

  // 64 hex digits.
  std::string Sign(absl::string_view text) const;

  // Takes as long for a signature that is nearly right as for any other.
  bool Check(absl::string_view text, absl::string_view signature) const;

 private:
  std::string bytes_;
};

}  // namespace ropewalk
