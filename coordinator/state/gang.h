#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// The workers of one job, the generation in force, and what each has reported about it. Every
// generation is a numbered list of members and goes through
//
//   Prepare() --- every member is PREPARED, with one plan digest ---> Run() ---> next Prepare()
//        |                                                              |
//        +--------------------------------------------------------------+--> Stop()
//
// The plan says what every member should do; AssignmentFor() is one worker's view of it. This class
// only keeps the protocol; when to do what is decided by Job. Not thread-safe.
class Gang {
 public:
  struct Seat {
    v1::Member member;
    v1::WorkerReport report;  // the newest about the generation in force; no phase before the first
  };

  Gang() = default;
  // As it was when `plan` was in force; nobody has reported yet.
  explicit Gang(v1::Assignment plan);

  // What the members' assignments have in common: generation, goal, members, start.
  const v1::Assignment& plan() const { return plan_; }
  bool empty() const { return seats_.empty(); }
  const std::vector<Seat>& seats() const { return seats_; }  // by rank
  const std::vector<Seat>& newcomers() const { return newcomers_; }
  std::vector<v1::Member> Members() const;

  // A new generation of these members, to prepare; those without state begin from
  // `checkpoint_version`.
  void Prepare(std::vector<v1::Member> members, const std::string& checkpoint_version);

  // The generation runs from the largest committed step, over `stripes` connections a hop.
  // `tokens_per_second` by rank, 0 while unknown, become the weights. REQUIRES: AllPrepared().
  void Run(absl::Span<const double> tokens_per_second, int stripes);

  // All stop; newcomers go. A new generation if `members` are not those of the present one.
  void Stop(std::vector<v1::Member> members);

  // Nobody has an assignment any more; the generation's number stays.
  void Disband();

  // A worker prepares beside the running generation.
  void Invite(v1::Member newcomer);

  // A newcomer, or one who was to finish its step, has no assignment any more.
  void Dismiss(const std::string& worker);

  // A member keeps its present assignment until the next generation, which it should not be in,
  // runs: the others can then end the step in flight with it.
  void LetFinishStep(const std::string& worker);

  // Takes in a member's or newcomer's report. False if it is a member's about another generation
  // than the one in force.
  bool Take(const std::string& worker, const v1::WorkerReport& report);

  bool IsMember(const std::string& worker) const;
  bool IsNewcomer(const std::string& worker) const;
  bool IsLeaver(const std::string& worker) const;
  // Newcomers and leavers.
  std::vector<v1::Member> Guests() const;

  // Without job, spec and inputs. Absent: the worker has no part in this gang.
  std::optional<v1::Assignment> AssignmentFor(const std::string& worker) const;
  // All who have one.
  std::vector<std::string> Workers() const;

  // The generation's goal is PREPARE and every member has reported PREPARED.
  bool AllPrepared() const;
  // The generation runs and every member has finished a step of it, so each holds the state.
  bool Settled() const;
  // The first member, other than `but`, whose ring broke in this generation; null: none.
  const Seat* Interrupted(const std::string& but = "") const;
  // Of these members one has, as far as reported in this generation, the newest state there is.
  bool HoldState(absl::Span<const v1::Member> members) const;
  // FAILED_PRECONDITION if plan digests differ from rank 0's; the message names who differs.
  absl::Status CheckPlans() const;

 private:
  struct Leaver {
    v1::Member member;
    v1::Assignment assignment;  // as it was
  };

  void Reseat(std::vector<v1::Member> members);
  std::optional<int> RankOf(const std::string& worker) const;

  v1::Assignment plan_;
  std::vector<Seat> seats_;
  std::vector<Seat> newcomers_;
  std::vector<Leaver> leavers_;
};

}  // namespace ropewalk
