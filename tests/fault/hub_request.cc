#include "tests/fault/hub_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int kPatienceSeconds = 20;

// A connection on loopback.
class Connection {
 public:
  Connection() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{kPatienceSeconds, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  absl::Status Connect(const std::string& address) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(std::atoi(address.substr(address.rfind(':') + 1).c_str()));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0) return absl::OkStatus();
    return Failed("cannot connect");
  }

  absl::Status Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return Failed("cannot send");
      bytes.remove_prefix(sent);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReceiveAll() {
    std::string all;
    char piece[1 << 16];
    while (true) {
      const ssize_t received = recv(fd_, piece, sizeof(piece), 0);
      if (received < 0) return Failed("cannot receive");
      if (received == 0) return all;
      all.append(piece, received);
    }
  }

 private:
  static absl::Status Failed(absl::string_view what) {
    if (errno == EAGAIN) return absl::DeadlineExceededError(absl::StrCat(what, ": nothing moved"));
    return absl::UnavailableError(absl::StrCat(what, ": errno ", errno));
  }

  const int fd_;
};

absl::StatusOr<HubAnswer> Parse(const std::string& text) {
  constexpr absl::string_view kLength = "\r\nContent-Length: ";
  HubAnswer answer;
  const size_t end = text.find("\r\n\r\n");
  const size_t length = text.find(kLength.data());
  if (end == std::string::npos || length > end || text.size() < 12 ||
      !absl::SimpleAtoi(text.substr(9, 3), &answer.status)) {
    return absl::UnavailableError("the answer breaks off");
  }
  answer.body = text.substr(end + 4);
  const size_t announced = std::strtoull(text.c_str() + length + kLength.size(), nullptr, 10);
  if (announced == answer.body.size()) return answer;
  return absl::UnavailableError("the answer's body breaks off");
}

}  // namespace

absl::StatusOr<HubAnswer> AskHub(const std::string& address, const std::string& method,
                                 const std::string& target, absl::string_view body) {
  Connection connection;
  RETURN_IF_ERROR(connection.Connect(address));
  // The server may answer, and break off, before all has been sent.
  const absl::Status sent = connection.Send(
      absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: ", address,
                   "\r\nConnection: close\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  absl::StatusOr<std::string> received = connection.ReceiveAll();
  if (!received.ok()) return sent.ok() ? received.status() : sent;
  return Parse(*received);
}

}  // namespace ropewalk
