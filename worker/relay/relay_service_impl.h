#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "ropewalk/v1/relay_service.grpc.pb.h"
#include "services/common/mutex.h"
#include "worker/relay/tcp_socket.h"

namespace ropewalk {

// RelayService, for workers that others cannot dial. Each Listen takes a thread, each Carry two.
// Thread-safe.
class RelayServiceImpl final : public v1::RelayService::Service {
 public:
  // Connections for others are taken at `host`, that of the address at which this worker listens.
  explicit RelayServiceImpl(std::string host) : host_(std::move(host)) {}

  grpc::Status Listen(grpc::ServerContext* context, const v1::ListenRequest* request,
                      grpc::ServerWriter<v1::ListenResponse>* writer) override;
  grpc::Status Carry(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<v1::CarriedBytes, v1::CarriedBytes>* stream) override;

 private:
  struct Waiting {
    TcpSocket connection;
    int64_t listener;
    absl::Time since;
  };

  // A number for the listener; absent: there are too many.
  std::optional<int64_t> BeginListening();
  void EndListening(int64_t listener);
  std::string Keep(TcpSocket connection, int64_t listener);
  std::optional<TcpSocket> Fetch(const std::string& name);
  void DropOverdue();

  const std::string host_;
  Mutex mutex_;
  std::set<int64_t> listeners_ ABSL_GUARDED_BY(mutex_);
  int64_t last_listener_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // to be fetched; by name
};

}  // namespace ropewalk
