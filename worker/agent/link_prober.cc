#include "worker/agent/link_prober.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "services/common/grpc_status.h"
#include "services/common/logging.h"

namespace ropewalk {

std::vector<std::string> AddressesOf(const v1::Member& member) {
  std::vector<std::string> addresses = {member.ring_address()};
  addresses.insert(addresses.end(), member.more_ring_addresses().begin(),
                   member.more_ring_addresses().end());
  return addresses;
}

LinkProber::LinkProber(ReportBoard* board) : board_(board) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "link-prober");
    Run();
  });
}

LinkProber::~LinkProber() {
  cancellation_.Cancel("the worker stops");
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void LinkProber::Want(const v1::LinkToMeasure& link) {
  MutexLock lock(&mutex_);
  if (link.id() == last_id_) return;
  last_id_ = link.id();
  next_ = link.peer();
  changed_.SignalAll();
}

void LinkProber::Run() {
  while (const std::optional<v1::Member> peer = Next()) board_->AddLink(Measure(*peer));
}

// Absent: there will be none.
std::optional<v1::Member> LinkProber::Next() {
  MutexLock lock(&mutex_);
  while (!stopping_ && !next_.has_value()) changed_.WaitFor(&mutex_, absl::Hours(1));
  if (stopping_) return std::nullopt;
  return std::exchange(next_, std::nullopt);
}

v1::Link LinkProber::Measure(const v1::Member& peer) {
  v1::Link link;
  link.set_worker(peer.worker());
  link.set_incarnation(peer.incarnation());
  const absl::StatusOr<LinkSpeed> speed = Reach(peer, {});
  if (!speed.ok()) {
    LogWarning("another worker cannot be reached",
               {{"worker", peer.worker()}, {"reason", std::string(speed.status().message())}});
    *link.mutable_error() = ToProtoStatus(speed.status());
    return link;
  }
  link.set_address(speed->address);
  link.set_round_trip_seconds(absl::ToDoubleSeconds(speed->round_trip));
  link.set_bytes_per_second(speed->bytes_per_second);
  link.set_connections(speed->connections);
  return link;
}

absl::StatusOr<LinkSpeed> LinkProber::Reach(const v1::Member& peer,
                                            const LinkMeasurementOptions& options) {
  absl::StatusOr<LinkSpeed> speed =
      MeasureLink(AddressesOf(peer), peer.incarnation(), options, &cancellation_);
  if (speed.ok()) {
    MutexLock lock(&mutex_);
    best_[peer.incarnation()] = speed->address;
  }
  return speed;
}

std::string LinkProber::AddressOf(const v1::Member& member) {
  const std::vector<std::string> addresses = AddressesOf(member);
  if (addresses.size() == 1) return addresses.front();
  {
    MutexLock lock(&mutex_);
    const auto best = best_.find(member.incarnation());
    if (best != best_.end() &&
        std::find(addresses.begin(), addresses.end(), best->second) != addresses.end()) {
      return best->second;
    }
  }
  LinkMeasurementOptions round_trips_only;
  round_trips_only.bytes = 0;
  const absl::StatusOr<LinkSpeed> speed = Reach(member, round_trips_only);
  return speed.ok() ? speed->address : addresses.front();
}

}  // namespace ropewalk
