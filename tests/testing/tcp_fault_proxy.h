#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// A TCP relay on 127.0.0.1 between clients and one server, which does to the bytes what bad
// networks do. Faults are given at any time, by any thread. One thread moves the bytes.
class TcpFaultProxy {
 public:
  // Relays to 127.0.0.1:`target_port`, where nobody need listen yet.
  static absl::StatusOr<std::unique_ptr<TcpFaultProxy>> Start(int target_port);

  ~TcpFaultProxy();

  int port() const { return port_; }

  // Clients relayed so far.
  int connections_accepted() const { return connections_accepted_; }

  // Resets all connections there are; new ones are relayed again.
  void Cut();

  // Does so as soon as `bytes` more bytes have gone from the server to clients.
  void CutAfterServerBytes(int64_t bytes);

  // Moves nothing and accepts nobody, but keeps the connections; or goes on.
  void Stall(bool stalled);

  // Flips the lowest bit of one byte on the way to the server: `distance` bytes after the next
  // occurrence of `marker`.
  void FlipBitAfter(const std::string& marker, int64_t distance);

  // Moves nothing to the server, as if what is sent to it were lost and sent again; or goes on.
  void Deafen(bool deaf);

  // Holds back what is read from now on, in both directions, for `delay` and up to `jitter` more.
  void Delay(absl::Duration delay, absl::Duration jitter = absl::ZeroDuration());

  // Lets through so many bytes a second at most, in each direction of each connection; 0: as many
  // as come.
  void Throttle(double bytes_per_second);

 private:
  class Connection;

  // What the threads that give faults ask of the one that moves bytes.
  struct Faults {
    bool stop = false;
    bool cut = false;
    bool stalled = false;
    bool deaf = false;
    int64_t server_bytes_to_cut = -1;
    std::string marker;
    int64_t flip_distance = 0;
    absl::Duration delay = absl::ZeroDuration();
    absl::Duration jitter = absl::ZeroDuration();
    double bytes_per_second = 0;
  };

  TcpFaultProxy(int listener, int port, int wake, int target_port);

  void Run();
  Faults TakeFaults();
  void Accept();
  void MoveBytes(const Faults& faults);
  absl::Duration DelayBy(const Faults& faults);
  bool Serve(Connection* connection, short client_events, short server_events,
             const Faults& faults);
  void Corrupt(std::string* bytes);
  bool CountServerBytes(int64_t bytes);
  void Wake();

  const int listener_;
  const int port_;
  const int wake_;
  const int target_port_;
  mutable Mutex mutex_;
  Faults faults_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int> connections_accepted_ = 0;
  // Of the moving thread.
  std::list<std::unique_ptr<Connection>> connections_;
  size_t marker_matched_ = 0;
  std::minstd_rand random_;
  std::thread thread_;
};

}  // namespace ropewalk
