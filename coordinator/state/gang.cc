#include "coordinator/state/gang.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// Weights are relative, so a worker of unknown speed counts as the mean of the known ones.
double WeightOfUnknown(absl::Span<const double> tokens_per_second) {
  double sum = 0;
  int known = 0;
  for (double speed : tokens_per_second) {
    sum += speed;
    known += speed > 0 ? 1 : 0;
  }
  return known > 0 ? sum / known : 1;
}

bool SameMembers(const std::vector<v1::Member>& a, const std::vector<v1::Member>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const v1::Member& x, const v1::Member& y) {
                      return x.worker() == y.worker() && x.incarnation() == y.incarnation();
                    });
}

// Of seats or leavers.
template <typename T>
auto Find(const std::vector<T>& places, const std::string& worker) {
  return std::find_if(places.begin(), places.end(),
                      [&](const T& place) { return place.member.worker() == worker; });
}

}  // namespace

Gang::Gang(v1::Assignment plan) : plan_(std::move(plan)) {
  for (const v1::Member& member : plan_.members()) seats_.push_back({member, {}});
}

std::vector<v1::Member> Gang::Members() const {
  return {plan_.members().begin(), plan_.members().end()};
}

void Gang::Reseat(std::vector<v1::Member> members) {
  plan_.set_generation(plan_.generation() + 1);
  plan_.clear_members();
  seats_.clear();
  for (v1::Member& member : members) {
    Dismiss(member.worker());
    *plan_.add_members() = member;
    seats_.push_back({std::move(member), {}});
  }
}

void Gang::Prepare(std::vector<v1::Member> members, const std::string& checkpoint_version) {
  Reseat(std::move(members));
  plan_.set_goal(v1::Assignment::PREPARE);
  plan_.clear_start_step();
  plan_.clear_state_source_rank();
  plan_.clear_stripes();
  plan_.set_checkpoint_version(checkpoint_version);
}

void Gang::Run(absl::Span<const double> tokens_per_second, int stripes) {
  const auto ahead =
      std::max_element(seats_.begin(), seats_.end(), [](const Seat& a, const Seat& b) {
        return a.report.committed_step() < b.report.committed_step();
      });
  plan_.set_start_step(ahead->report.committed_step());
  plan_.set_state_source_rank(static_cast<int>(ahead - seats_.begin()));
  plan_.set_goal(v1::Assignment::RUN);
  plan_.set_stripes(stripes);
  const double weight_of_unknown = WeightOfUnknown(tokens_per_second);
  for (size_t rank = 0; rank < seats_.size(); ++rank) {
    const double speed = tokens_per_second[rank];
    plan_.mutable_members(static_cast<int>(rank))
        ->set_weight(speed > 0 ? speed : weight_of_unknown);
  }
  leavers_.clear();
}

void Gang::Stop(std::vector<v1::Member> members) {
  if (!SameMembers(members, Members())) Reseat(std::move(members));
  plan_.set_goal(v1::Assignment::STOP);
  newcomers_.clear();
  leavers_.clear();
}

void Gang::Disband() {
  const int64_t generation = plan_.generation();
  plan_.Clear();
  plan_.set_generation(generation);
  seats_.clear();
  newcomers_.clear();
  leavers_.clear();
}

void Gang::Invite(v1::Member newcomer) { newcomers_.push_back({std::move(newcomer), {}}); }

void Gang::Dismiss(const std::string& worker) {
  if (const auto it = Find(newcomers_, worker); it != newcomers_.end()) newcomers_.erase(it);
  if (const auto it = Find(leavers_, worker); it != leavers_.end()) leavers_.erase(it);
}

void Gang::LetFinishStep(const std::string& worker) {
  const std::optional<int> rank = RankOf(worker);
  if (rank.has_value()) leavers_.push_back({seats_[*rank].member, *AssignmentFor(worker)});
}

bool Gang::Take(const std::string& worker, const v1::WorkerReport& report) {
  if (const auto newcomer = Find(newcomers_, worker); newcomer != newcomers_.end()) {
    newcomers_[newcomer - newcomers_.begin()].report = report;
    return true;
  }
  const std::optional<int> rank = RankOf(worker);
  if (!rank.has_value() || report.generation() != plan_.generation()) return false;
  seats_[*rank].report = report;
  return true;
}

std::optional<int> Gang::RankOf(const std::string& worker) const {
  const auto seat = Find(seats_, worker);
  if (seat == seats_.end()) return std::nullopt;
  return static_cast<int>(seat - seats_.begin());
}

bool Gang::IsMember(const std::string& worker) const { return RankOf(worker).has_value(); }

bool Gang::IsNewcomer(const std::string& worker) const {
  return Find(newcomers_, worker) != newcomers_.end();
}

bool Gang::IsLeaver(const std::string& worker) const {
  return Find(leavers_, worker) != leavers_.end();
}

std::vector<v1::Member> Gang::Guests() const {
  std::vector<v1::Member> guests;
  for (const Seat& newcomer : newcomers_) guests.push_back(newcomer.member);
  for (const Leaver& leaver : leavers_) guests.push_back(leaver.member);
  return guests;
}

std::optional<v1::Assignment> Gang::AssignmentFor(const std::string& worker) const {
  if (const auto it = Find(leavers_, worker); it != leavers_.end()) return it->assignment;
  if (const std::optional<int> rank = RankOf(worker)) {
    v1::Assignment assignment = plan_;
    assignment.set_rank(*rank);
    return assignment;
  }
  if (!IsNewcomer(worker)) return std::nullopt;
  v1::Assignment assignment;
  assignment.set_generation(plan_.generation());
  assignment.set_goal(v1::Assignment::PREPARE);
  assignment.set_rank(-1);
  return assignment;
}

std::vector<std::string> Gang::Workers() const {
  std::vector<std::string> workers;
  for (const Seat& seat : seats_) workers.push_back(seat.member.worker());
  for (const v1::Member& guest : Guests()) workers.push_back(guest.worker());
  return workers;
}

bool Gang::AllPrepared() const {
  return plan_.goal() == v1::Assignment::PREPARE &&
         std::all_of(seats_.begin(), seats_.end(), [](const Seat& seat) {
           return seat.report.phase() == v1::WORKER_PHASE_PREPARED;
         });
}

bool Gang::Settled() const {
  return plan_.goal() == v1::Assignment::RUN &&
         std::all_of(seats_.begin(), seats_.end(), [this](const Seat& seat) {
           return seat.report.phase() == v1::WORKER_PHASE_RUNNING &&
                  seat.report.committed_step() > plan_.start_step();
         });
}

const Gang::Seat* Gang::Interrupted(const std::string& but) const {
  for (const Seat& seat : seats_) {
    if (seat.member.worker() == but) continue;
    if (seat.report.phase() == v1::WORKER_PHASE_INTERRUPTED) return &seat;
  }
  return nullptr;
}

bool Gang::HoldState(absl::Span<const v1::Member> members) const {
  int64_t newest = plan_.start_step();
  for (const Seat& seat : seats_) newest = std::max(newest, seat.report.committed_step());
  return std::any_of(members.begin(), members.end(), [&](const v1::Member& member) {
    const auto seat = Find(seats_, member.worker());
    return seat != seats_.end() && seat->report.phase() != v1::WORKER_PHASE_UNSPECIFIED &&
           seat->report.committed_step() >= newest;
  });
}

absl::Status Gang::CheckPlans() const {
  const Seat& first = seats_.front();
  for (const Seat& seat : seats_) {
    if (seat.report.plan_digest() == first.report.plan_digest()) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        seat.member.worker(), " would compute other steps than ", first.member.worker(),
        " (plan digests ", seat.report.plan_digest(), " and ", first.report.plan_digest(),
        "): base model, data or program differ between them"));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
