#include "worker/ring/local_transport.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/inbox.h"

namespace ropewalk {
namespace {

class LocalTransport final : public Transport {
 public:
  using Inboxes = std::vector<std::shared_ptr<Inbox>>;

  LocalTransport(int rank, int distance, Inboxes inboxes, ChunkFilter filter)
      : rank_(rank),
        distance_(distance),
        inboxes_(std::move(inboxes)),
        filter_(std::move(filter)) {}

  ~LocalTransport() override {
    successor()->End(BrokenHopError(absl::StatusCode::kUnavailable, {rank_, Neighbour(distance_)},
                                    absl::StrCat("rank ", rank_, " has left the ring")));
  }

  void Send(Chunk chunk) override {
    if (filter_ == nullptr || filter_(rank_, chunk)) successor()->Push(std::move(chunk));
  }

  absl::StatusOr<Chunk> Receive(absl::Duration timeout) override {
    return inboxes_[rank_]->Pop(timeout);
  }

  // What is sent is referred to until the successor's thread has taken it in.
  bool WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) override {
    const absl::Time deadline = absl::Now() + timeout;
    while (!released() && absl::Now() < deadline) {
      inboxes_[rank_]->WaitForNews(absl::Milliseconds(1));
    }
    return released();
  }

  void BreakOff(const absl::Status& why) override {
    inboxes_[rank_]->Fail(why);
    successor()->Fail(why);
    inboxes_[Neighbour(-distance_)]->Fail(why);
  }

 private:
  int Neighbour(int distance) const {
    const int ranks = static_cast<int>(inboxes_.size());
    return (rank_ + distance + ranks) % ranks;
  }

  Inbox* successor() const { return inboxes_[Neighbour(distance_)].get(); }

  const int rank_;
  const int distance_;
  const Inboxes inboxes_;
  const ChunkFilter filter_;
};

}  // namespace

std::vector<std::unique_ptr<Transport>> ConnectLocally(int ranks, ChunkFilter filter,
                                                       int distance) {
  LocalTransport::Inboxes inboxes;
  for (int rank = 0; rank < ranks; ++rank) inboxes.push_back(std::make_shared<Inbox>());
  std::vector<std::unique_ptr<Transport>> transports;
  for (int rank = 0; rank < ranks; ++rank) {
    transports.push_back(std::make_unique<LocalTransport>(rank, distance, inboxes, filter));
  }
  return transports;
}

std::vector<std::vector<std::unique_ptr<Transport>>> ConnectMeshLocally(int ranks,
                                                                        const ChunkFilter& filter) {
  std::vector<std::vector<std::unique_ptr<Transport>>> mesh(ranks);
  for (int distance = 1; distance < ranks; ++distance) {
    std::vector<std::unique_ptr<Transport>> ring = ConnectLocally(ranks, filter, distance);
    for (int rank = 0; rank < ranks; ++rank) mesh[rank].push_back(std::move(ring[rank]));
  }
  return mesh;
}

}  // namespace ropewalk
