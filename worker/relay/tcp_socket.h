#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ropewalk {

// A TCP socket that listens, or that is one end of a connection. One thread may read while another
// writes, and any may break it off.
class TcpSocket {
 public:
  // On a free port of `host`, as in "host:port". UNAVAILABLE: that cannot be had.
  static absl::StatusOr<TcpSocket> Listen(const std::string& host);

  // Connected to "host:port". UNAVAILABLE: nobody answers there within `timeout`.
  static absl::StatusOr<TcpSocket> Dial(const std::string& address, absl::Duration timeout);

  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&& other) noexcept;
  ~TcpSocket();

  int port() const;  // its own

  // The next connection to a socket that listens; absent: none came within `timeout`.
  std::optional<TcpSocket> Accept(absl::Duration timeout);

  // Waits for bytes and puts some into `buffer`; empty: the other side will send no more.
  // UNAVAILABLE: the connection broke.
  absl::StatusOr<absl::string_view> Read(std::string* buffer);

  // Waits until all is under way. UNAVAILABLE: the connection broke.
  absl::Status Write(absl::string_view bytes);

  // The other side will read no more than what was written.
  void EndWriting();

  // Reads and writes, also those that wait, fail from now on.
  void BreakOff();

 private:
  explicit TcpSocket(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace ropewalk
