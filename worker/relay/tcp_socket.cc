#include "worker/relay/tcp_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/listen_address.h"
#include "services/common/resolve.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kReadBytes = 256 << 10;

absl::Status Broken(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

bool Poll(int fd, short events, absl::Duration timeout) {
  pollfd polled = {fd, events, 0};
  return poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) > 0;
}

// 0: it is connected; otherwise why not.
int ErrorOf(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

TcpSocket::TcpSocket(TcpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TcpSocket& TcpSocket::operator=(TcpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

TcpSocket::~TcpSocket() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<TcpSocket> TcpSocket::Listen(const std::string& host) {
  ASSIGN_OR_RETURN(const HostPort at, ParseHostPort(absl::StrCat(host, ":0")));
  ASSIGN_OR_RETURN(const AddressList addresses, Resolve(at.host, at.port, SOCK_STREAM));
  TcpSocket listener(socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.fd_ < 0 || bind(listener.fd_, addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      listen(listener.fd_, SOMAXCONN) != 0) {
    return Broken(absl::StrCat("no port of ", host, " can be had"));
  }
  return listener;
}

absl::StatusOr<TcpSocket> TcpSocket::Dial(const std::string& address, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const HostPort to, ParseHostPort(address));
  ASSIGN_OR_RETURN(const AddressList addresses, Resolve(to.host, to.port, SOCK_STREAM));
  TcpSocket dialled(socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (dialled.fd_ < 0) return Broken("no socket");
  if (connect(dialled.fd_, addresses->ai_addr, addresses->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return Broken(address);
    errno = Poll(dialled.fd_, POLLOUT, timeout) ? ErrorOf(dialled.fd_) : ETIMEDOUT;
    if (errno != 0) return Broken(address);
  }
  fcntl(dialled.fd_, F_SETFL, fcntl(dialled.fd_, F_GETFL) & ~O_NONBLOCK);
  SendAtOnce(dialled.fd_);
  return dialled;
}

int TcpSocket::port() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::optional<TcpSocket> TcpSocket::Accept(absl::Duration timeout) {
  if (!Poll(fd_, POLLIN, timeout)) return std::nullopt;
  TcpSocket accepted(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
  if (accepted.fd_ < 0) return std::nullopt;
  SendAtOnce(accepted.fd_);
  return accepted;
}

absl::StatusOr<absl::string_view> TcpSocket::Read(std::string* buffer) {
  buffer->resize(kReadBytes);
  ssize_t count = -1;
  do {
    count = recv(fd_, buffer->data(), buffer->size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Broken("read");
  return absl::string_view(buffer->data(), static_cast<size_t>(count));
}

absl::Status TcpSocket::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Broken("write");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

void TcpSocket::EndWriting() { shutdown(fd_, SHUT_WR); }

void TcpSocket::BreakOff() { shutdown(fd_, SHUT_RDWR); }

}  // namespace ropewalk
