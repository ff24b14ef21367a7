#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A running SHA-256. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(absl::string_view data);

  // The digest in 64 lower-case hex digits. Ends the hash: call nothing else afterwards.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of a whole string, in hex.
std::string Sha256Hex(absl::string_view data);

// Of a file, read in pieces. NOT_FOUND or another error of the file system, with the path.
absl::StatusOr<std::string> Sha256OfFile(const std::string& path);

// 64 lower-case hex digits.
bool IsSha256Hex(absl::string_view text);

}  // namespace ropewalk
