#include "coordinator/state/link_table.h"

#include <algorithm>

#include "absl/status/status.h"

namespace ropewalk {
namespace {

// A measurement of which nothing is heard for so long has failed.
constexpr absl::Duration kPatience = absl::Minutes(1);

// Whoever could not be reached may be, later; once it may have been chance.
constexpr absl::Duration kFirstRetryAfter = absl::Seconds(5);
constexpr absl::Duration kRetryAfter = absl::Minutes(5);
constexpr int kFailuresForGood = 2;

constexpr double kHopBytes = 1 << 20;
// Hops that take less are alike: 8 Gbit/s, and what differs on one machine by chance.
constexpr double kFastHop = 1e-3;
constexpr double kUnreachable = 1e6;

bool IsSame(const v1::Member& a, const v1::Member& b) {
  return a.worker() == b.worker() && a.incarnation() == b.incarnation();
}

bool IsAmong(const v1::Member& member, absl::Span<const v1::Member> others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const v1::Member& other) { return IsSame(member, other); });
}

std::vector<std::string> AddressesOf(const v1::Member& member) {
  std::vector<std::string> addresses = {member.ring_address()};
  addresses.insert(addresses.end(), member.more_ring_addresses().begin(),
                   member.more_ring_addresses().end());
  return addresses;
}

double HopSeconds(const v1::Link& link) {
  if (link.has_error() || link.bytes_per_second() <= 0) return kUnreachable;
  return std::max(kFastHop, link.round_trip_seconds() / 2 + kHopBytes / link.bytes_per_second());
}

// 0 if there are none.
double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void LinkTable::Plan(absl::Span<const v1::Member> present, absl::Time now) {
  EndOverdue(present, now);
  for (const v1::Member& from : present) {
    for (const v1::Member& to : present) {
      if (IsEngaged(from.worker())) break;
      if (!IsEngaged(to.worker()) && IsDue(from, to, now)) Begin(from, to, now);
    }
  }
}

// Also those of which one end has gone.
void LinkTable::EndOverdue(absl::Span<const v1::Member> present, absl::Time now) {
  for (auto it = under_way_.begin(); it != under_way_.end();) {
    const auto at = it++;
    const Measurement measurement = at->second;
    if (!IsAmong(measurement.from, present) || !IsAmong(measurement.link.peer(), present)) {
      under_way_.erase(at);
    } else if (now - measurement.start > kPatience) {
      v1::Link link;
      link.set_worker(measurement.link.peer().worker());
      link.set_incarnation(measurement.link.peer().incarnation());
      link.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kDeadlineExceeded));
      link.mutable_error()->set_message("it could not be measured in time");
      Take(measurement.from, link, now);
    }
  }
}

bool LinkTable::IsEngaged(const std::string& worker) const {
  return std::any_of(under_way_.begin(), under_way_.end(), [&](const auto& entry) {
    return entry.first == worker || entry.second.link.peer().worker() == worker;
  });
}

bool LinkTable::IsDue(const v1::Member& from, const v1::Member& to, absl::Time now) const {
  if (from.worker() == to.worker()) return false;
  const Measured* const measured = Look(from, to.worker(), to.incarnation());
  if (measured == nullptr) return true;
  const std::vector<std::string> addresses = AddressesOf(to);
  if (measured->failures == 0) {
    return std::count(addresses.begin(), addresses.end(), measured->link.address()) == 0;
  }
  return measured->addresses != addresses ||
         now - measured->time > (measured->failures == 1 ? kFirstRetryAfter : kRetryAfter);
}

// The id is new also to a worker whom an earlier coordinator has asked.
void LinkTable::Begin(const v1::Member& from, const v1::Member& to, absl::Time now) {
  last_id_ = std::max(last_id_ + 1, absl::ToUnixMicros(now));
  Measurement& measurement = under_way_[from.worker()];
  measurement.from = from;
  measurement.link.set_id(last_id_);
  *measurement.link.mutable_peer() = to;
  measurement.start = now;
}

std::optional<v1::LinkToMeasure> LinkTable::ToMeasure(const std::string& worker) const {
  const auto it = under_way_.find(worker);
  if (it == under_way_.end()) return std::nullopt;
  return it->second.link;
}

void LinkTable::Take(const v1::Member& worker, const v1::Link& link, absl::Time now) {
  const Measured* const before = Look(worker, link.worker(), link.incarnation());
  const int failures_before = before == nullptr ? 0 : before->failures;
  Measured& measured = measured_[{worker.worker(), link.worker()}];
  measured = {worker.incarnation(), link, {}, link.has_error() ? failures_before + 1 : 0, now};
  const auto it = under_way_.find(worker.worker());
  if (it == under_way_.end() || it->second.link.peer().worker() != link.worker()) return;
  measured.addresses = AddressesOf(it->second.link.peer());
  under_way_.erase(it);
}

void LinkTable::Forget(const v1::Member& from, const v1::Member& to) {
  measured_.erase({from.worker(), to.worker()});
}

// Null: not measured between these processes.
const LinkTable::Measured* LinkTable::Look(const v1::Member& from, const std::string& to,
                                           const std::string& to_incarnation) const {
  const auto it = measured_.find({from.worker(), to});
  if (it == measured_.end()) return nullptr;
  const bool same = it->second.from_incarnation == from.incarnation() &&
                    it->second.link.incarnation() == to_incarnation;
  return same ? &it->second : nullptr;
}

const v1::Link* LinkTable::Find(const v1::Member& from, const v1::Member& to) const {
  const Measured* const measured = Look(from, to.worker(), to.incarnation());
  return measured == nullptr ? nullptr : &measured->link;
}

bool LinkTable::CannotReach(const v1::Member& from, const v1::Member& to) const {
  const Measured* const measured = Look(from, to.worker(), to.incarnation());
  return measured != nullptr && measured->failures >= kFailuresForGood;
}

HopCosts LinkTable::CostsAmong(absl::Span<const v1::Member> members) const {
  std::vector<double> known;
  HopCosts costs(members.size(), std::vector<double>(members.size(), -1));
  for (size_t from = 0; from < members.size(); ++from) {
    for (size_t to = 0; to < members.size(); ++to) {
      const v1::Link* const link = Find(members[from], members[to]);
      if (link == nullptr) continue;
      costs[from][to] = HopSeconds(*link);
      if (costs[from][to] < kUnreachable) known.push_back(costs[from][to]);
    }
  }
  const double typical = Median(std::move(known));
  for (std::vector<double>& row : costs) {
    std::replace_if(
        row.begin(), row.end(), [](double cost) { return cost < 0; }, typical);
  }
  return costs;
}

}  // namespace ropewalk
