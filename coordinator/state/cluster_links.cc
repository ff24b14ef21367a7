// What the cluster makes of the ways between workers.
#include <algorithm>

#include "coordinator/state/cluster.h"

namespace ropewalk {

void Cluster::PlanLinks(absl::Time now) {
  std::vector<v1::Member> present;
  for (const WorkerTable::Worker* worker : workers_.All()) {
    if (workers_.IsUsable(*worker, now)) present.push_back(MemberOf(*worker));
  }
  links_.Plan(present, now);
  relays_.Plan(links_, present);
}

// A ring that could not be formed may have dialled an address that works no longer.
void Cluster::ForgetLinkThatFailed(const Job& job, const v1::WorkerReport& report) {
  const v1::Interruption& interruption = report.interruption();
  const std::vector<v1::Member> members = job.gang().Members();
  const auto is_rank = [&](int rank) {
    return rank >= 0 && rank < static_cast<int>(members.size());
  };
  if (interruption.phase() != "connect" || report.generation() != job.gang().plan().generation() ||
      !is_rank(interruption.from_rank()) || !is_rank(interruption.to_rank())) {
    return;
  }
  links_.Forget(members[interruption.from_rank()], members[interruption.to_rank()]);
}

RingPlan Cluster::RingOf(const std::vector<v1::Member>& members) const {
  RingPlan ring;
  for (const int i : OrderRing(links_.CostsAmong(members))) {
    v1::Member& member = ring.members.emplace_back(members[i]);
    const WorkerTable::Worker* const worker = workers_.Find(member.worker());
    if (worker == nullptr) continue;
    *member.mutable_more_ring_addresses() = MemberOf(*worker).more_ring_addresses();
  }
  for (size_t i = 0; i < ring.members.size(); ++i) {
    const v1::Member& successor = ring.members[(i + 1) % ring.members.size()];
    const v1::Link* const link = links_.Find(ring.members[i], successor);
    if (link != nullptr) ring.stripes = std::max(ring.stripes, link->connections());
  }
  return ring;
}

void Cluster::DescribeLinks(const WorkerTable::Worker& worker, v1::Worker* description) const {
  for (const WorkerTable::Worker* other : workers_.All()) {
    const v1::Link* const link = links_.Find(MemberOf(worker), MemberOf(*other));
    if (link != nullptr) *description->add_links() = *link;
  }
  const v1::Member* const relay = relays_.RelayOf(worker.hello.name());
  if (relay != nullptr) description->set_relay(relay->worker());
}

}  // namespace ropewalk
