#include "tests/testing/tcp_fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

namespace ropewalk {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kMaxQueuedBytes = 1 << 20;

absl::Status SystemError(const char* what) {
  return absl::UnavailableError(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int BoundPort(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// -1 if nobody listens.
int DialLoopback(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

// Closing sends a reset instead of what is queued.
void MakeAbrupt(int fd) {
  const linger no_linger = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// One direction of a connection.
class Flow {
 public:
  Flow(int from, int to) : from_(from), to_(to) {}

  bool WantsToRead() const { return !at_end_ && queued_bytes_ < kMaxQueuedBytes; }
  bool WantsToWrite(absl::Time now) const { return !queue_.empty() && queue_.front().due <= now; }
  absl::Time next_due() const {
    return queue_.empty() ? absl::InfiniteFuture() : queue_.front().due;
  }
  bool done() const { return at_end_ && queue_.empty(); }

  // False: the connection is broken. `bytes` is what was read.
  bool Read(std::string* bytes) {
    bytes->resize(kReadBytes);
    const ssize_t count = recv(from_, bytes->data(), bytes->size(), MSG_DONTWAIT);
    bytes->resize(std::max<ssize_t>(count, 0));
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) {
      at_end_ = true;
      if (queue_.empty()) shutdown(to_, SHUT_WR);
    }
    return true;
  }

  // Comes out after `delay`, and at no more than so many bytes a second; 0: at once.
  void Queue(std::string bytes, absl::Duration delay, double bytes_per_second) {
    if (bytes.empty()) return;
    absl::Time due = std::max(absl::Now() + delay, last_due_);
    if (bytes_per_second > 0) {
      due += absl::Seconds(static_cast<double>(bytes.size()) / bytes_per_second);
    }
    last_due_ = due;
    queued_bytes_ += bytes.size();
    queue_.push_back({std::move(bytes), due});
  }

  // False: the connection is broken.
  bool Write() {
    std::string& bytes = queue_.front().bytes;
    const ssize_t count = send(to_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    bytes.erase(0, count);
    queued_bytes_ -= count;
    if (bytes.empty()) queue_.pop_front();
    if (done()) shutdown(to_, SHUT_WR);
    return true;
  }

 private:
  struct Segment {
    std::string bytes;
    absl::Time due;
  };

  const int from_;
  const int to_;
  std::deque<Segment> queue_;
  size_t queued_bytes_ = 0;
  absl::Time last_due_ = absl::InfinitePast();
  bool at_end_ = false;
};

short EventsOf(const Flow& read_here, const Flow& written_here, absl::Time now) {
  return static_cast<short>((read_here.WantsToRead() ? POLLIN : 0) |
                            (written_here.WantsToWrite(now) ? POLLOUT : 0));
}

}  // namespace

class TcpFaultProxy::Connection {
 public:
  Connection(int client, int server)
      : client_(client), server_(server), to_server_(client, server), to_client_(server, client) {
    SendAtOnce(client);
    SendAtOnce(server);
  }

  ~Connection() {
    MakeAbrupt(client_);
    MakeAbrupt(server_);
    close(client_);
    close(server_);
  }

  // Two entries: the client's, the server's.
  void AddTo(std::vector<pollfd>* polled, absl::Time now, bool deaf) const {
    const int of_client = EventsOf(to_server_, to_client_, now) & ~(deaf ? POLLIN : 0);
    const int of_server = EventsOf(to_client_, to_server_, now) & ~(deaf ? POLLOUT : 0);
    polled->push_back({client_, static_cast<short>(of_client), 0});
    polled->push_back({server_, static_cast<short>(of_server), 0});
  }

  absl::Time next_due() const { return std::min(to_server_.next_due(), to_client_.next_due()); }
  bool done() const { return to_server_.done() && to_client_.done(); }

  Flow& to_server() { return to_server_; }
  Flow& to_client() { return to_client_; }

 private:
  const int client_;
  const int server_;
  Flow to_server_;
  Flow to_client_;
};

absl::StatusOr<std::unique_ptr<TcpFaultProxy>> TcpFaultProxy::Start(int target_port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const sockaddr_in address = Loopback(0);
  if (listener < 0 || wake < 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    const absl::Status status = SystemError("start a proxy");
    close(listener);
    close(wake);
    return status;
  }
  return std::unique_ptr<TcpFaultProxy>(
      new TcpFaultProxy(listener, BoundPort(listener), wake, target_port));
}

TcpFaultProxy::TcpFaultProxy(int listener, int port, int wake, int target_port)
    : listener_(listener), port_(port), wake_(wake), target_port_(target_port) {
  thread_ = std::thread([this] { Run(); });
}

TcpFaultProxy::~TcpFaultProxy() {
  {
    MutexLock lock(&mutex_);
    faults_.stop = true;
  }
  Wake();
  thread_.join();
  close(listener_);
  close(wake_);
}

void TcpFaultProxy::Wake() {
  const uint64_t one = 1;
  // Only a full counter can fail, and that wakes as well.
  if (write(wake_, &one, sizeof(one)) < 0) return;
}

void TcpFaultProxy::Cut() {
  {
    MutexLock lock(&mutex_);
    faults_.cut = true;
  }
  Wake();
}

void TcpFaultProxy::CutAfterServerBytes(int64_t bytes) {
  MutexLock lock(&mutex_);
  faults_.server_bytes_to_cut = bytes;
}

void TcpFaultProxy::Stall(bool stalled) {
  {
    MutexLock lock(&mutex_);
    faults_.stalled = stalled;
  }
  Wake();
}

void TcpFaultProxy::FlipBitAfter(const std::string& marker, int64_t distance) {
  MutexLock lock(&mutex_);
  faults_.marker = marker;
  faults_.flip_distance = distance;
}

void TcpFaultProxy::Deafen(bool deaf) {
  {
    MutexLock lock(&mutex_);
    faults_.deaf = deaf;
  }
  Wake();
}

void TcpFaultProxy::Delay(absl::Duration delay, absl::Duration jitter) {
  MutexLock lock(&mutex_);
  faults_.delay = delay;
  faults_.jitter = jitter;
}

absl::Duration TcpFaultProxy::DelayBy(const Faults& faults) {
  const double share = static_cast<double>(random_()) / static_cast<double>(random_.max());
  return faults.delay + share * faults.jitter;
}

void TcpFaultProxy::Throttle(double bytes_per_second) {
  MutexLock lock(&mutex_);
  faults_.bytes_per_second = bytes_per_second;
}

TcpFaultProxy::Faults TcpFaultProxy::TakeFaults() {
  MutexLock lock(&mutex_);
  Faults faults = faults_;
  faults_.cut = false;
  return faults;
}

void TcpFaultProxy::Run() {
  pthread_setname_np(pthread_self(), "fault-proxy");
  while (true) {
    const Faults faults = TakeFaults();
    if (faults.stop) break;
    if (faults.cut) connections_.clear();
    MoveBytes(faults);
  }
  connections_.clear();
}

void TcpFaultProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = DialLoopback(target_port_);
  if (server < 0) {
    close(client);
    return;
  }
  connections_.push_back(std::make_unique<Connection>(client, server));
  ++connections_accepted_;
}

// Looks for the marker across reads; flips once.
void TcpFaultProxy::Corrupt(std::string* bytes) {
  MutexLock lock(&mutex_);
  for (char& byte : *bytes) {
    if (faults_.marker.empty()) return;
    if (marker_matched_ < faults_.marker.size()) {
      if (byte != faults_.marker[marker_matched_]) marker_matched_ = 0;
      if (byte == faults_.marker[marker_matched_]) ++marker_matched_;
    } else if (faults_.flip_distance-- == 0) {
      byte = static_cast<char>(byte ^ 1);
      faults_.marker.clear();
      marker_matched_ = 0;
    }
  }
}

// True: enough for the cut that was asked for.
bool TcpFaultProxy::CountServerBytes(int64_t bytes) {
  MutexLock lock(&mutex_);
  if (faults_.server_bytes_to_cut < 0) return false;
  faults_.server_bytes_to_cut -= bytes;
  return faults_.server_bytes_to_cut < 0;
}

void TcpFaultProxy::MoveBytes(const Faults& faults) {
  std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
  absl::Time next = absl::InfiniteFuture();
  const absl::Time now = absl::Now();
  if (!faults.stalled) {
    polled.push_back({listener_, POLLIN, 0});
    for (const auto& connection : connections_) {
      connection->AddTo(&polled, now, faults.deaf);
      if (connection->next_due() > now) next = std::min(next, connection->next_due());
    }
  }
  const int timeout_ms = next == absl::InfiniteFuture()
                             ? -1
                             : static_cast<int>(absl::ToInt64Milliseconds(next - now) + 1);
  if (poll(polled.data(), polled.size(), timeout_ms) < 0) return;

  uint64_t wakes;
  if (polled[0].revents != 0 && read(wake_, &wakes, sizeof(wakes)) > 0) return;
  if (faults.stalled) return;
  const pollfd* events = &polled[2];
  for (auto it = connections_.begin(); it != connections_.end(); events += 2) {
    it = Serve(it->get(), events[0].revents, events[1].revents, faults) ? std::next(it)
                                                                        : connections_.erase(it);
  }
  if (polled[1].revents != 0) Accept();
}

// False: the connection is over.
bool TcpFaultProxy::Serve(Connection* connection, short client_events, short server_events,
                          const Faults& faults) {
  constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
  std::string bytes;
  Flow& to_server = connection->to_server();
  Flow& to_client = connection->to_client();
  if ((client_events & kReadable) != 0 && to_server.WantsToRead()) {
    if (!to_server.Read(&bytes)) return false;
    Corrupt(&bytes);
    to_server.Queue(std::move(bytes), DelayBy(faults), faults.bytes_per_second);
  }
  if ((server_events & kReadable) != 0 && to_client.WantsToRead()) {
    if (!to_client.Read(&bytes)) return false;
    if (CountServerBytes(static_cast<int64_t>(bytes.size()))) return false;
    to_client.Queue(std::move(bytes), DelayBy(faults), faults.bytes_per_second);
  }
  if ((server_events & POLLOUT) != 0 && !to_server.Write()) return false;
  if ((client_events & POLLOUT) != 0 && !to_client.Write()) return false;
  return !connection->done();
}

}  // namespace ropewalk
