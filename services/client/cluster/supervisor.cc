#include "services/client/cluster/supervisor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/client/cluster/child_process.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(100);
constexpr absl::Duration kStopGrace = absl::Seconds(12);
constexpr absl::Duration kFirstRestart = absl::Milliseconds(200);
constexpr absl::Duration kLastRestart = absl::Seconds(10);
// A member that ran this long is healthy again: its next restart is quick.
constexpr absl::Duration kHealthyAfter = absl::Seconds(30);
constexpr int kLogLines = 15;

std::string LogExcerpt(const MemberPlan& plan) {
  return absl::StrCat("\nThe last lines of ", plan.log, ":\n", LastLines(plan.log, kLogLines));
}

}  // namespace

Supervisor::Supervisor(std::string state_folder, const std::vector<MemberPlan>& plans,
                       const Clock* clock, std::function<void(const std::string&)> log)
    : state_folder_(std::move(state_folder)), clock_(clock), log_(std::move(log)) {
  for (const MemberPlan& plan : plans) {
    members_.push_back({plan, {}, Backoff(kFirstRestart, kLastRestart, members_.size()), {}, {}});
  }
}

absl::Status Supervisor::StartMember(Member* member) {
  ASSIGN_OR_RETURN(member->process, StartProcess(member->plan.command, member->plan.log));
  member->started = clock_->Monotonic();
  member->running = true;
  return absl::OkStatus();
}

absl::Status Supervisor::Start(const std::function<absl::Status()>& probe, absl::Duration timeout) {
  const absl::Status status = [&] {
    for (Member& member : members_) RETURN_IF_ERROR(StartMember(&member));
    RETURN_IF_ERROR(Save());
    return WaitUntilReady(probe, timeout);
  }();
  if (!status.ok()) Stop();
  return status;
}

absl::Status Supervisor::WaitUntilReady(const std::function<absl::Status()>& probe,
                                        absl::Duration timeout) {
  const absl::Duration deadline = clock_->Monotonic() + timeout;
  absl::Status last = absl::OkStatus();
  while (clock_->Monotonic() < deadline) {
    if (WaitAndReap(kTick)) return absl::CancelledError("asked to stop before all were ready");
    if (const Member* ended = FirstEnded()) {
      return absl::UnavailableError(
          absl::StrCat(ended->plan.name, " ended while starting.", LogExcerpt(ended->plan)));
    }
    last = probe();
    if (last.ok()) return last;
  }
  return absl::DeadlineExceededError(
      absl::StrCat("not ready within ", absl::FormatDuration(timeout), ": ", last.message(),
                   LogExcerpt(members_.front().plan), LogExcerpt(members_.back().plan)));
}

const Supervisor::Member* Supervisor::FirstEnded() const {
  for (const Member& member : members_) {
    if (!member.running) return &member;
  }
  return nullptr;
}

bool Supervisor::WaitAndReap(absl::Duration timeout) {
  const int signal = signals_.Wait(timeout);
  for (pid_t pid = waitpid(-1, nullptr, WNOHANG); pid > 0; pid = waitpid(-1, nullptr, WNOHANG)) {
    for (Member& member : members_) {
      if (member.running && member.process.pid == pid) NoteExit(&member);
    }
  }
  return signal != 0 && signal != SIGCHLD;
}

void Supervisor::NoteExit(Member* member) {
  const absl::Duration now = clock_->Monotonic();
  if (now - member->started > kHealthyAfter) member->backoff.Reset();
  member->running = false;
  member->restart_at = now + member->backoff.Next();
  log_(absl::StrCat(member->plan.name, " (process ", member->process.pid, ") has ended"));
}

void Supervisor::RestartDueMembers() {
  for (Member& member : members_) {
    if (member.running || clock_->Monotonic() < member.restart_at) continue;
    const absl::Status started = StartMember(&member);
    if (!started.ok()) member.restart_at = clock_->Monotonic() + member.backoff.Next();
    const absl::Status saved = Save();
    log_(started.ok()
             ? absl::StrCat(member.plan.name, " started again as process ", member.process.pid)
             : std::string(started.message()));
    if (!saved.ok()) log_(std::string(saved.message()));
  }
}

void Supervisor::RunUntilAskedToStop() {
  while (!WaitAndReap(kTick)) RestartDueMembers();
  Stop();
}

absl::Status Supervisor::Save() const {
  ASSIGN_OR_RETURN(const ProcessId self, IdentifyProcess(getpid()));
  ClusterFile cluster{self, {}};
  for (const Member& member : members_) {
    cluster.members.push_back({member.plan.name, member.process, member.plan.address,
                               member.plan.http_address, member.plan.log});
  }
  return WriteClusterFile(state_folder_, cluster);
}

void Supervisor::Stop() {
  std::vector<ClusterMember> members;
  for (const Member& member : members_) {
    members.push_back({member.plan.name, member.process, "", "", ""});
  }
  StopProcesses(members, kStopGrace);
  WaitAndReap(absl::ZeroDuration());
  unlink(ClusterFilePath(state_folder_).c_str());
}

}  // namespace ropewalk
