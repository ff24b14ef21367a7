#include "coordinator/state/relay_table.h"

#include <algorithm>

namespace ropewalk {
namespace {

bool IsAmong(const v1::Member& member, absl::Span<const v1::Member> others) {
  return std::any_of(others.begin(), others.end(), [&](const v1::Member& other) {
    return member.worker() == other.worker() && member.incarnation() == other.incarnation();
  });
}

bool IsHidden(const LinkTable& links, const v1::Member& worker,
              absl::Span<const v1::Member> others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const v1::Member& other) { return links.CannotReach(other, worker); });
}

// Of those who can be it, the one that `hidden` reaches fastest; null: nobody can.
const v1::Member* BestRelay(const LinkTable& links, const v1::Member& hidden,
                            absl::Span<const v1::Member> present) {
  const v1::Member* best = nullptr;
  double fastest = 0;
  for (const v1::Member& relay : present) {
    const v1::Link* const link = links.Find(hidden, relay);
    if (link == nullptr || link->bytes_per_second() <= fastest) continue;
    if (IsHidden(links, relay, present)) continue;
    fastest = link->bytes_per_second();
    best = &relay;
  }
  return best;
}

}  // namespace

void RelayTable::Plan(const LinkTable& links, absl::Span<const v1::Member> present) {
  std::erase_if(relayed_, [&](const auto& entry) {
    return !IsAmong(entry.second.worker, present) || !IsAmong(entry.second.relay, present);
  });
  for (const v1::Member& worker : present) {
    if (relayed_.count(worker.worker()) > 0 || !IsHidden(links, worker, present)) continue;
    const v1::Member* const relay = BestRelay(links, worker, present);
    if (relay != nullptr) relayed_[worker.worker()] = {worker, *relay};
  }
}

const v1::Member* RelayTable::RelayOf(const std::string& worker) const {
  const auto it = relayed_.find(worker);
  return it == relayed_.end() ? nullptr : &it->second.relay;
}

}  // namespace ropewalk
