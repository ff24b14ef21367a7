// How a job decides what its gang does next.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/state/job.h"
#include "coordinator/state/time_proto.h"

namespace ropewalk {
namespace {

// Those of `members` who are not draining.
std::vector<v1::Member> Staying(std::vector<v1::Member> members, WorkerViews views) {
  members.erase(std::remove_if(members.begin(), members.end(),
                               [&](const v1::Member& member) { return views(member).draining; }),
                members.end());
  return members;
}

// In one order, with the same addresses.
bool IsOneRing(const std::vector<v1::Member>& a, const std::vector<v1::Member>& b) {
  const auto is_same = [](const v1::Member& x, const v1::Member& y) {
    return x.worker() == y.worker() &&
           std::equal(x.more_ring_addresses().begin(), x.more_ring_addresses().end(),
                      y.more_ring_addresses().begin(), y.more_ring_addresses().end());
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), is_same);
}

}  // namespace

void Job::Reconcile(WorkerViews views, BestRing ring, absl::Time now) {
  DismissLostGuests(views);
  if (gang_.empty() || LoseMembers(views, now)) return;
  switch (gang_.plan().goal()) {
    case v1::Assignment::PREPARE:
      return ReconcilePreparing(views, ring, now);
    case v1::Assignment::RUN:
      return ReconcileRunning(views, now);
    default:
      return ReconcileStopping(now);
  }
}

void Job::DismissLostGuests(WorkerViews views) {
  for (const v1::Member& guest : gang_.Guests()) {
    const WorkerView view = views(guest);
    const bool lost = view.presence == Presence::kLost || view.presence == Presence::kGone;
    const bool drained = view.draining && gang_.IsNewcomer(guest.worker());
    if (!lost && !drained) continue;
    gang_.Dismiss(guest.worker());
    PlanChanged();
  }
}

bool Job::IsLost(const v1::Member& member, const WorkerView& view) const {
  const bool ring_broke = gang_.Interrupted(/*but=*/member.worker()) != nullptr;
  switch (view.presence) {
    case Presence::kLost:
      return true;
    case Presence::kGone:
      return !cut_off_;
    case Presence::kAway:
      return ring_broke && !cut_off_;
    case Presence::kSilent:
      return ring_broke;
    default:
      return dropped_.count(member.worker()) > 0;
  }
}

void Job::NoteCutOff(const std::vector<v1::Member>& members, WorkerViews views) {
  const auto streamless = std::count_if(members.begin(), members.end(), [&](const auto& member) {
    const Presence presence = views(member).presence;
    return presence == Presence::kAway || presence == Presence::kGone;
  });
  if (streamless == 0) cut_off_ = false;
  if (streamless == static_cast<std::ptrdiff_t>(members.size())) cut_off_ = true;
}

bool Job::LoseMembers(WorkerViews views, absl::Time now) {
  const std::vector<v1::Member> members = gang_.Members();
  NoteCutOff(members, views);
  std::vector<v1::Member> survivors;
  std::vector<std::string> lost;
  for (const v1::Member& member : members) {
    const WorkerView view = views(member);
    if (!IsLost(member, view)) {
      survivors.push_back(member);
      continue;
    }
    lost.push_back(member.worker());
    const std::string trouble = view.trouble.empty() ? "it has dropped the job" : view.trouble;
    history_.Add(v1::JobEvent::WORKER_LOST, absl::StrCat(member.worker(), " is lost: ", trouble),
                 now, member.worker());
  }
  if (lost.empty()) return false;
  interruptions_ = 0;
  Regroup(std::move(survivors), absl::StrCat("lost ", absl::StrJoin(lost, ", ")), now);
  return true;
}

void Job::ReconcilePreparing(WorkerViews views, BestRing ring, absl::Time now) {
  // Before the first step there is no state that a draining worker could take along.
  if (state() == v1::JOB_STATE_PREPARING && Drain(views, now)) return;
  if (!gang_.AllPrepared()) return;
  const absl::Status plans = gang_.CheckPlans();
  if (!plans.ok()) return Fail(plans, now);
  RingPlan best = ring(gang_.Members());
  if (!IsOneRing(best.members, gang_.Members())) {
    return Regroup(std::move(best.members), "the links between workers ask for another ring", now);
  }
  Run(views, best.stripes, now);
}

void Job::Run(WorkerViews views, int stripes, absl::Time now) {
  std::vector<double> speeds;
  for (const v1::Member& member : gang_.Members()) {
    speeds.push_back(views(member).tokens_per_second);
  }
  gang_.Run(speeds, stripes);
  PlanChanged();
  ledger_.Clear();
  const int64_t start_step = gang_.plan().start_step();
  const int64_t step_before = job().progress().step();
  meter_.Restart(start_step, history_.ChangeProgress());
  if (start_step < step_before) {
    history_.Add(v1::JobEvent::WARNING,
                 absl::StrCat("steps ", start_step + 1, " to ", step_before,
                              " are done again: who had their outcome is lost"),
                 now);
  }
  if (!job().has_start_time()) *history_.Change()->job.mutable_start_time() = ToProto(now);
  if (!resuming_) last_step_time_ = now;
  history_.Add(v1::JobEvent::GENERATION_STARTED,
               absl::StrCat("generation ", gang_.plan().generation(), " goes on from step ",
                            start_step, " with ", absl::StrJoin(job().workers(), ", ")),
               now);
  history_.Transition(v1::JOB_STATE_RUNNING, "all workers are prepared", now);
}

void Job::ReconcileRunning(WorkerViews views, absl::Time now) {
  if (gang_.Interrupted() != nullptr) return FormRingAgain(views, now);
  if (Drain(views, now)) return;
  if (gang_.Settled()) TakeInNewcomers(now);
}

bool Job::Drain(WorkerViews views, absl::Time now) {
  std::vector<v1::Member> members = gang_.Members();
  std::vector<v1::Member> staying = Staying(members, views);
  if (staying.size() == members.size()) return false;
  const bool started = state() != v1::JOB_STATE_PREPARING;
  if (started && staying.empty()) {
    BeginStop(StopReason::kRequeue, now);
    return true;
  }
  if (started && !gang_.HoldState(staying)) return false;
  for (const v1::Member& member : members) {
    if (!views(member).draining) continue;
    if (started) gang_.LetFinishStep(member.worker());
    history_.Add(v1::JobEvent::WORKER_LOST, absl::StrCat(member.worker(), " is drained"), now,
                 member.worker());
  }
  Regroup(std::move(staying), "a worker is drained", now);
  return true;
}

void Job::FormRingAgain(WorkerViews views, absl::Time now) {
  for (const v1::Member& member : gang_.Members()) {
    const Presence presence = views(member).presence;
    // Whether it comes back is known soon.
    if (presence != Presence::kHere && presence != Presence::kSilent) return;
  }
  if (now < reform_time_ || Drain(views, now)) return;
  Regroup(gang_.Members(), "the ring broke", now);
}

void Job::TakeInNewcomers(absl::Time now) {
  const std::string plan_digest = gang_.seats().front().report.plan_digest();
  std::vector<v1::Member> members = gang_.Members();
  const size_t members_before = members.size();
  const std::vector<Gang::Seat> newcomers = gang_.newcomers();
  for (const Gang::Seat& newcomer : newcomers) {
    const std::string& worker = newcomer.member.worker();
    if (newcomer.report.phase() != v1::WORKER_PHASE_PREPARED) continue;
    if (newcomer.report.plan_digest() != plan_digest) {
      Refuse(worker, "it would compute other steps than the members (plan digests differ)", now);
      continue;
    }
    members.push_back(newcomer.member);
    history_.Add(v1::JobEvent::WORKER_JOINED, absl::StrCat(worker, " is taken in"), now, worker);
  }
  if (members.size() > members_before) Regroup(std::move(members), "a worker is taken in", now);
}

void Job::Regroup(std::vector<v1::Member> members, const std::string& why, absl::Time now) {
  if (members.empty()) return Disperse(why, now);
  if (stopping()) {
    gang_.Stop(std::move(members));
  } else {
    gang_.Prepare(std::move(members), job().checkpoint_version());
  }
  ledger_.Clear();
  dropped_.clear();
  PlanChanged();
  if (state() != v1::JOB_STATE_RUNNING) return;
  resuming_ = true;
  history_.Transition(v1::JOB_STATE_RECOVERING, why, now);
}

void Job::Disperse(const std::string& why, absl::Time now) {
  if (stopping()) return FinishStop(now);
  gang_.Disband();
  PlanChanged();
  if (state() == v1::JOB_STATE_PREPARING) {
    history_.Transition(v1::JOB_STATE_QUEUED, why, now);
  } else if (state() == v1::JOB_STATE_RUNNING) {
    resuming_ = true;
    history_.Transition(v1::JOB_STATE_RECOVERING, absl::StrCat(why, "; waits for workers"), now);
  }
}

void Job::ReconcileStopping(absl::Time now) {
  const bool stopped = gang_.seats().front().report.phase() == v1::WORKER_PHASE_STOPPED;
  if (!stopped && now < stop_deadline_) return;
  if (!stopped) {
    history_.Add(v1::JobEvent::WARNING,
                 absl::StrCat(job().workers(0),
                              " did not stop in time; what it has learnt since "
                              "the newest checkpoint is given up"),
                 now, job().workers(0));
  }
  FinishStop(now);
}

}  // namespace ropewalk
