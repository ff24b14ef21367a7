#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "services/common/mutex.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace ropewalk {

// Another worker, through which this one is to be reached.
struct RelayPeer {
  std::string name;
  std::string address;             // at which this worker reaches it, host:port
  std::vector<std::string> hosts;  // at which others may

  bool operator==(const RelayPeer& other) const {
    return name == other.name && address == other.address && hosts == other.hosts;
  }
};

// Makes this worker reachable through another one: holds a Listen call on it, and carries the
// connections that come there to where this worker itself listens. Tries again as long as it is
// wanted. Thread-safe.
class RelayClient {
 public:
  struct Options {
    std::string worker;         // this one's name
    std::string local_address;  // to which connections are carried, host:port
    // Called with the addresses at which this worker can be reached by now, empty if it cannot;
    // from a thread of this class.
    std::function<void(const std::vector<std::string>&)> on_change;
  };

  explicit RelayClient(Options options);
  // Breaks off what is being carried.
  ~RelayClient();

  // From now on through `peer`; absent: through nobody. The same again changes nothing.
  void Want(const std::optional<RelayPeer>& peer);

 private:
  class Connection;

  void Run();
  // The peer that is wanted, once there is one, and a call on it to be; null: none will be.
  std::unique_ptr<grpc::ClientContext> AwaitPeer(RelayPeer* peer);
  void ListenThrough(const RelayPeer& peer, grpc::ClientContext* context);
  void DropEnded();
  void Pause();

  const Options options_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<RelayPeer> peer_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;  // under way
  std::list<std::unique_ptr<Connection>> connections_;           // of thread_ alone
  std::thread thread_;
};

}  // namespace ropewalk
