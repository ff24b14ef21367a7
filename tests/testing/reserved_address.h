#pragma once

#include <string>

namespace ropewalk {

// A loopback address for a process of the test's own, which nobody else is given while this lives,
// whether that process runs or not. It holds the port by a socket that is bound, but does not
// listen: the kernel picks no such port for others, and lets a server with SO_REUSEADDR have it.
class ReservedAddress {
 public:
  ReservedAddress();
  ~ReservedAddress();
  ReservedAddress(const ReservedAddress&) = delete;
  ReservedAddress& operator=(const ReservedAddress&) = delete;

  const std::string& text() const { return text_; }  // "127.0.0.1:PORT"

 private:
  const int fd_;
  std::string text_;
};

}  // namespace ropewalk
