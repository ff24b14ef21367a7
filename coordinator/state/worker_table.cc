#include "coordinator/state/worker_table.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxNameLength = 80;
constexpr char kPrefix[] = "workers/";

bool IsWorkerName(const std::string& name) {
  if (!absl::StartsWith(name, kPrefix) || name.size() > kMaxNameLength) return false;
  const std::string id = name.substr(sizeof(kPrefix) - 1);
  if (id.empty() || !absl::ascii_isalnum(id.front())) return false;
  for (char c : id) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

absl::Status CheckHello(const v1::WorkerHello& hello) {
  if (!IsWorkerName(hello.name())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "name must be \"workers/\" and letters, digits, '-', '_' or '.', at most ", kMaxNameLength,
        " characters, beginning with a letter or digit; got \"", hello.name(), "\""));
  }
  if (hello.incarnation().empty()) return absl::InvalidArgumentError("incarnation is missing");
  if (!absl::StrContains(hello.ring_address(), ':')) {
    return absl::InvalidArgumentError(
        absl::StrCat("ring_address must be host:port; got \"", hello.ring_address(), "\""));
  }
  return absl::OkStatus();
}

// Of the newest steps; an old measurement fades as new ones come.
double Measured(double before, const v1::WorkerReport& report) {
  double speed = before;
  for (const v1::StepReport& step : report.steps()) {
    if (step.own_tokens() <= 0 || step.compute_seconds() <= 0) continue;
    const double now = static_cast<double>(step.own_tokens()) / step.compute_seconds();
    speed = speed > 0 ? 0.8 * speed + 0.2 * now : now;
  }
  return speed;
}

}  // namespace

void WorkerTable::Expect(const v1::Member& member, absl::Time now) {
  Worker& worker = workers_[member.worker()];
  worker.hello.set_name(member.worker());
  worker.hello.set_incarnation(member.incarnation());
  worker.last_report_time = now;
  worker.away_deadline = now + timing_->restart_grace;
}

void WorkerTable::RestoreDrain(const WorkerDrain& drain) {
  drained_[drain.worker] = drain.incarnation;
}

absl::Status WorkerTable::Attach(const v1::WorkerHello& hello, int64_t session, absl::Time now) {
  if (absl::Status status = CheckHello(hello); !status.ok()) return status;
  Worker& worker = workers_[hello.name()];
  if (worker.retired.count(hello.incarnation()) > 0) {
    return absl::AbortedError(absl::StrCat("another process has attached as ", hello.name(),
                                           "; give each worker a name of its own"));
  }
  if (worker.hello.incarnation() != hello.incarnation()) Retire(&worker);
  if (!worker.seen) worker.draining = WasDrained(hello);
  worker.hello = hello;
  worker.session = session;
  worker.seen = true;
  worker.lost = false;
  worker.attach_time = now;
  worker.last_report_time = now;
  return absl::OkStatus();
}

void WorkerTable::Retire(Worker* worker) {
  std::set<std::string> retired = std::move(worker->retired);
  if (!worker->hello.incarnation().empty()) retired.insert(worker->hello.incarnation());
  *worker = Worker();
  worker->retired = std::move(retired);
}

bool WorkerTable::WasDrained(const v1::WorkerHello& hello) const {
  const auto drain = drained_.find(hello.name());
  return drain != drained_.end() && drain->second == hello.incarnation();
}

bool WorkerTable::TakeReport(const std::string& name, int64_t session,
                             const v1::WorkerReport& report, absl::Time now) {
  const auto it = workers_.find(name);
  if (it == workers_.end() || it->second.session != session) return false;
  Worker& worker = it->second;
  if (worker.job != report.job()) worker.tokens_per_second = 0;
  worker.tokens_per_second = Measured(worker.tokens_per_second, report);
  worker.job = report.job();
  worker.phase = report.phase();
  worker.activity = report.activity();
  worker.relay_addresses.assign(report.relay_addresses().begin(), report.relay_addresses().end());
  worker.last_report_time = now;
  worker.lost = false;
  return true;
}

bool WorkerTable::Detach(const std::string& name, int64_t session, absl::Time now) {
  const auto it = workers_.find(name);
  if (it == workers_.end() || it->second.session != session) return false;
  it->second.session = 0;
  it->second.away_deadline = now + timing_->reattach_grace;
  return true;
}

absl::Status WorkerTable::Drain(const std::string& name) {
  const auto it = workers_.find(name);
  if (it == workers_.end() || !it->second.seen) {
    return absl::NotFoundError(absl::StrCat("there is no worker \"", name, "\""));
  }
  it->second.draining = true;
  return absl::OkStatus();
}

void WorkerTable::Tick(absl::Time now) {
  if (now - last_tick_ > timing_->stall) ProlongLeases(now - last_tick_);
  last_tick_ = now;
  for (auto& [name, worker] : workers_) {
    const absl::Time end =
        worker.seen ? worker.last_report_time + timing_->dead_after : worker.away_deadline;
    if (now >= end) worker.lost = true;
  }
}

void WorkerTable::ProlongLeases(absl::Duration duration) {
  for (auto& [name, worker] : workers_) {
    worker.last_report_time += duration;
    worker.away_deadline += duration;
  }
}

bool WorkerTable::IsSilent(const Worker& worker, absl::Time now) const {
  return now >= worker.last_report_time + timing_->suspect_after;
}

Presence WorkerTable::PresenceOf(const Worker& worker, absl::Time now) const {
  if (worker.lost) return Presence::kLost;
  if (!worker.seen) return Presence::kExpected;
  if (worker.session == 0) return now < worker.away_deadline ? Presence::kAway : Presence::kGone;
  return IsSilent(worker, now) ? Presence::kSilent : Presence::kHere;
}

WorkerView WorkerTable::ViewOf(const v1::Member& member, absl::Time now) const {
  const auto it = workers_.find(member.worker());
  if (it == workers_.end()) return {Presence::kLost, "it is not known"};
  const Worker& worker = it->second;
  if (worker.hello.incarnation() != member.incarnation()) {
    return {Presence::kLost, "its process was started again"};
  }
  WorkerView view;
  view.presence = PresenceOf(worker, now);
  view.draining = worker.draining;
  view.tokens_per_second = worker.tokens_per_second;
  if (!worker.seen) {
    view.trouble = "it has not come back since the coordinator did";
  } else if (worker.session == 0) {
    view.trouble = "its stream broke";
  } else if (view.presence != Presence::kHere) {
    view.trouble = absl::StrCat("it has not reported for ",
                                absl::ToInt64Seconds(now - worker.last_report_time), " s");
  }
  return view;
}

const WorkerTable::Worker* WorkerTable::Find(const std::string& name) const {
  const auto it = workers_.find(name);
  return it == workers_.end() || !it->second.seen ? nullptr : &it->second;
}

std::vector<const WorkerTable::Worker*> WorkerTable::All() const {
  std::vector<const Worker*> all;
  for (const auto& [name, worker] : workers_) {
    if (worker.seen) all.push_back(&worker);
  }
  return all;
}

bool WorkerTable::IsUsable(const Worker& worker, absl::Time now) const {
  return worker.session != 0 && !worker.lost && !worker.draining && !IsSilent(worker, now);
}

bool WorkerTable::IsIdle(const Worker& worker, absl::Time now) const {
  return IsUsable(worker, now) && worker.phase == v1::WORKER_PHASE_IDLE;
}

v1::Member MemberOf(const WorkerTable::Worker& worker) {
  v1::Member member;
  member.set_worker(worker.hello.name());
  member.set_incarnation(worker.hello.incarnation());
  member.set_ring_address(worker.hello.ring_address());
  *member.mutable_more_ring_addresses() = worker.hello.more_ring_addresses();
  for (const std::string& address : worker.relay_addresses) {
    member.add_more_ring_addresses(address);
  }
  member.set_weight(1);
  return member;
}

}  // namespace ropewalk
