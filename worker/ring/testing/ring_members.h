#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/tcp_fault_proxy.h"
#include "worker/ring/mesh.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"

namespace ropewalk {

// An endpoint served on a port of its own.
class Member {
 public:
  explicit Member(absl::Duration join_timeout = absl::Seconds(60),
                  const std::string& incarnation = "")
      : endpoint_(join_timeout, incarnation) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    endpoint_.Register(&builder);
    server_ = builder.BuildAndStart();
    endpoint_.Serve();
  }

  ~Member() {
    server_->Shutdown(std::chrono::system_clock::now());
    endpoint_.Stop();
  }

  RingEndpoint* endpoint() { return &endpoint_; }
  int port() const { return port_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  RingEndpoint endpoint_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Members 0 .. N-1, with a proxy on one hop if asked for.
class Members {
 public:
  explicit Members(int ranks, int proxied_rank = -1) {
    for (int rank = 0; rank < ranks; ++rank) members_.push_back(std::make_unique<Member>());
    for (int rank = 0; rank < ranks; ++rank) {
      int port = members_[rank]->port();
      if (rank == proxied_rank) {
        proxy_ = TcpFaultProxy::Start(port).value();
        port = proxy_->port();
      }
      options_.addresses.push_back(absl::StrCat("127.0.0.1:", port));
    }
    options_.job = "jobs/test";
    options_.generation = 4;
    options_.connect_timeout = absl::Seconds(60);
  }

  int ranks() const { return static_cast<int>(members_.size()); }
  RingOptions& options() { return options_; }
  TcpFaultProxy& proxy() { return *proxy_; }
  RingEndpoint* endpoint(int rank) { return members_[rank]->endpoint(); }

  // A rank's Ring or Mesh.
  template <typename T = Ring>
  absl::StatusOr<std::unique_ptr<T>> Connect(int rank, RingCancellation* cancellation = nullptr) {
    RingOptions options = options_;
    options.rank = rank;
    return T::Connect(options, endpoint(rank), cancellation);
  }

  // Every rank's; all connected.
  template <typename T = Ring>
  std::vector<std::unique_ptr<T>> ConnectAll() {
    std::vector<std::unique_ptr<T>> all(ranks());
    ForEachRank([&](int rank) { all[rank] = Connect<T>(rank).value(); });
    return all;
  }

  void ForEachRank(const std::function<void(int)>& run) {
    std::vector<std::thread> threads;
    for (int rank = 0; rank < ranks(); ++rank) threads.emplace_back(run, rank);
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::vector<std::unique_ptr<Member>> members_;
  std::unique_ptr<TcpFaultProxy> proxy_;
  RingOptions options_;
};

}  // namespace ropewalk
